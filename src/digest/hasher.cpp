#include <openssl/evp.h>

#include <array>

#include "evp.h"
#include "gapstow/base/error.h"
#include "gapstow/digest/digest.h"

namespace gapstow::digest {

struct Hasher::Context {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  explicit Context(Algorithm wanted) : algorithm(wanted), evp(EVP_MD_CTX_new()) {
    if (!evp || EVP_DigestInit_ex2(evp.get(), implementation(algorithm), nullptr) != 1) fail("starting a hash");
  }

  Algorithm algorithm;
  std::unique_ptr<EVP_MD_CTX, Free> evp;
};

Hasher::Hasher(Algorithm algorithm) : context_(std::make_unique<Context>(algorithm)) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(base::ByteView bytes) {
  if (!context_) throw base::Error(base::ErrorCode::internal, "a finished hash was given more bytes");
  if (EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) != 1) fail("hashing");
}

Digest Hasher::finish() {
  if (!context_) throw base::Error(base::ErrorCode::internal, "a hash was finished twice");
  const auto context = std::move(context_);
  std::array<std::byte, EVP_MAX_MD_SIZE> value{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context->evp.get(), reinterpret_cast<unsigned char*>(value.data()), &size) != 1) {
    fail("finishing a hash");
  }
  return {context->algorithm, base::ByteView(value).first(size)};
}

Digest sha256(base::ByteView bytes) {
  Hasher hasher(Algorithm::sha256);
  hasher.update(bytes);
  return hasher.finish();
}

Digest sha512(base::ByteView bytes) {
  Hasher hasher(Algorithm::sha512);
  hasher.update(bytes);
  return hasher.finish();
}

}  // namespace gapstow::digest
