#include "support/sign_keys.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace gapstow::test {
namespace {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

void require(bool good) {
  if (!good) throw std::runtime_error("OpenSSL fails in a test helper");
}

std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>> private_fixture(const std::string& name) {
  const std::string text = data_file("keys/" + name + ".key");
  const std::unique_ptr<BIO, FreeWith<BIO_free>> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  require(key != nullptr);
  return key;
}

std::size_t half_size(sign::KeyType type) {
  switch (type) {
    case sign::KeyType::ecdsa_p224:
      return 28;
    case sign::KeyType::ecdsa_p256:
      return 32;
    case sign::KeyType::ecdsa_p384:
      return 48;
    default:
      return 66;
  }
}

}  // namespace

std::string data_file(const std::string& name) {
  std::ifstream file(std::string(GAPSTOW_SOURCE_DIR "/tests/data/") + name, std::ios::binary);
  if (!file) throw std::runtime_error("no file tests/data/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

sign::PublicKey public_fixture(const std::string& name) {
  return sign::PublicKey::from_pem(data_file("keys/" + name + ".pub"));
}

base::Bytes openssl_sign(const std::string& name, const OpensslWay& way, base::ByteView message) {
  const auto key = private_fixture(name);
  const std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;
  const EVP_MD* digest = way.digest == nullptr ? nullptr : EVP_get_digestbyname(way.digest);
  require(EVP_DigestSignInit(context.get(), &settings, digest, nullptr, key.get()) == 1);
  if (way.padding == OpensslWay::Padding::pkcs1) {
    require(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PADDING) > 0);
  } else if (way.padding == OpensslWay::Padding::pss) {
    require(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) > 0);
    require(EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, way.salt) > 0);
  }
  const auto* data = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = 0;
  require(EVP_DigestSign(context.get(), nullptr, &size, data, message.size()) == 1);
  base::Bytes signature(size);
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  require(EVP_DigestSign(context.get(), out, &size, data, message.size()) == 1);
  signature.resize(size);
  return signature;
}

base::Bytes scheme_sign(const std::string& name, sign::Scheme scheme, base::ByteView message) {
  using Padding = OpensslWay::Padding;
  switch (scheme) {
    case sign::Scheme::ed25519:
      return openssl_sign(name, {.digest = nullptr}, message);
    case sign::Scheme::ecdsa_sha256_raw:
      return raw_from_der(openssl_sign(name, {}, message), half_size(public_fixture(name).type()));
    case sign::Scheme::ecdsa_sha256_der:
      return openssl_sign(name, {}, message);
    case sign::Scheme::ecdsa_sha384_der:
      return openssl_sign(name, {.digest = "SHA384"}, message);
    case sign::Scheme::rsa_pss_sha256:
      return openssl_sign(name, {.padding = Padding::pss}, message);
    case sign::Scheme::rsa_pss_sha256_any_salt:
      return openssl_sign(name, {.padding = Padding::pss, .salt = 48}, message);
    case sign::Scheme::rsa_pkcs1_sha256:
      return openssl_sign(name, {.padding = Padding::pkcs1}, message);
  }
  throw std::logic_error("unknown scheme");
}

base::Bytes der_integer(base::ByteView content) {
  base::Bytes der{std::byte{0x02}, static_cast<std::byte>(content.size())};
  base::append(der, content);
  return der;
}

base::Bytes der_sequence(const std::vector<base::Bytes>& items) {
  base::Bytes content;
  for (const auto& item : items) base::append(content, item);
  base::Bytes der{std::byte{0x30}};
  if (content.size() >= 0x80) der.push_back(std::byte{0x81});
  der.push_back(static_cast<std::byte>(content.size()));
  base::append(der, content);
  return der;
}

base::Bytes raw_from_der(base::ByteView der, std::size_t half) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  require(pair != nullptr);
  base::Bytes raw(2 * half);
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  require(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, static_cast<int>(half)) > 0);
  require(BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + half, static_cast<int>(half)) > 0);
  return raw;
}

base::Bytes flipped(base::ByteView bytes, std::size_t bit) {
  auto copy = base::to_bytes(bytes);
  copy.at(bit / 8) ^= std::byte{1} << (bit % 8);
  return copy;
}

}  // namespace gapstow::test
