#include "evp.h"

#include <openssl/err.h>

#include <array>
#include <memory>

#include "gapstow/base/error.h"

namespace gapstow::digest {
namespace {

struct FreeMd {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
};
using Md = std::unique_ptr<EVP_MD, FreeMd>;

Md fetch(const char* algorithm) {
  Md md(EVP_MD_fetch(nullptr, algorithm, nullptr));
  if (!md) fail("fetching a hash algorithm");
  return md;
}

}  // namespace

const EVP_MD* implementation(Algorithm algorithm) {
  if (algorithm == Algorithm::sha512) {
    static const Md kSha512 = fetch("SHA512");
    return kSha512.get();
  }
  static const Md kSha256 = fetch("SHA256");
  return kSha256.get();
}

void fail(const char* what) {
  std::string reason = "no reason given";
  while (const unsigned long error = ERR_get_error()) {
    std::array<char, 256> text{};
    ERR_error_string_n(error, text.data(), text.size());
    reason = text.data();
  }
  throw base::Error(base::ErrorCode::internal, std::string("OpenSSL fails at ") + what + " (" + reason + ")");
}

}  // namespace gapstow::digest
