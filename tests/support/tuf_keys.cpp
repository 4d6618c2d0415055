#include "support/tuf_keys.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <array>
#include <stdexcept>

#include "gapstow/base/encoding.h"
#include "gapstow/digest/digest.h"
#include "support/fixed_signing.h"

namespace gapstow::test {
namespace {

EVP_PKEY* pkey(const TestKey& key) { return static_cast<EVP_PKEY*>(key.handle()); }

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

const unsigned char* octets(base::ByteView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

EVP_PKEY* make_pkey(TestKind kind) {
  switch (kind) {
    case TestKind::ed25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case TestKind::p224:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-224");
    case TestKind::p256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case TestKind::p384:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
    case TestKind::p521:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521");
    case TestKind::rsa2048:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
    case TestKind::rsa1024:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024});
  }
  return nullptr;
}

base::Bytes to_raw(base::ByteView der, int bits) {
  const unsigned char* at = octets(der);
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
  require(pair != nullptr, "ECDSA signature");
  const int size = (bits + 7) / 8;
  base::Bytes raw(static_cast<std::size_t>(2 * size));
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  require(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, size) == size, "r");
  require(BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + size, size) == size, "s");
  return raw;
}

base::Bytes sha384(base::ByteView message) {
  base::Bytes hash(48);
  unsigned size = 0;
  require(EVP_Digest(message.data(), message.size(), reinterpret_cast<unsigned char*>(hash.data()), &size, EVP_sha384(),
                     nullptr) == 1,
          "SHA-384");
  return hash;
}

void add_extension(X509* certificate, int nid, const char* value) {
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value), X509_EXTENSION_free);
  require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

/// Puts the signature that is always the same in the place of the random one.
void fix_signature(X509* certificate, const TestKey& signer) {
  unsigned char* der = nullptr;
  const int size = i2d_re_X509_tbs(certificate, &der);
  require(size > 0, "certificate body");
  const auto signature =
      signer.sign("ecdsa-der", {reinterpret_cast<const std::byte*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  const ASN1_BIT_STRING* place = nullptr;
  X509_get0_signature(&place, nullptr, certificate);
  require(
      ASN1_STRING_set(const_cast<ASN1_BIT_STRING*>(place), signature.data(), static_cast<int>(signature.size())) == 1,
      "certificate signature");
}

void set_name(X509_NAME* name, const std::string& common_name) {
  require(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common_name.data()),
                                     static_cast<int>(common_name.size()), -1, 0) == 1,
          "name");
}

}  // namespace

TestKey TestKey::generate(TestKind kind) {
  EVP_PKEY* key = make_pkey(kind);
  require(key != nullptr, "key");
  return {kind, std::shared_ptr<void>(key, [](void* handle) { EVP_PKEY_free(static_cast<EVP_PKEY*>(handle)); })};
}

TestKey TestKey::fixed(TestKind kind, unsigned char number) {
  switch (kind) {
    case TestKind::ed25519:
      return {kind, fixed_ed25519_key(number)};
    case TestKind::p224:
      return {kind, fixed_curve_key("P-224", number)};
    case TestKind::p256:
      return {kind, fixed_curve_key("P-256", number)};
    case TestKind::p384:
      return {kind, fixed_curve_key("P-384", number)};
    case TestKind::p521:
      return {kind, fixed_curve_key("P-521", number)};
    case TestKind::rsa2048:
      return {kind, stored_key(number == 1 ? "rsa2048.key" : "rsa2048-e3.key")};
    case TestKind::rsa1024:
      return {kind, stored_key("rsa1024.key")};
  }
  throw std::logic_error("kind of key");
}

const TestKey& TestKey::shared_rsa() {
  static const TestKey key = generate(TestKind::rsa2048);
  return key;
}

base::Bytes TestKey::spki() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(pkey(*this), &der);
  require(size > 0, "SPKI");
  base::Bytes bytes(static_cast<std::size_t>(size));
  std::copy_n(reinterpret_cast<const std::byte*>(der), bytes.size(), bytes.begin());
  OPENSSL_free(der);
  return bytes;
}

base::Bytes TestKey::raw_public() const {
  base::Bytes raw(32);
  std::size_t size = raw.size();
  require(EVP_PKEY_get_raw_public_key(pkey(*this), reinterpret_cast<unsigned char*>(raw.data()), &size) == 1, "raw");
  return raw;
}

std::string TestKey::pem() const {
  constexpr std::size_t kLine = 64;
  const std::string text = base::base64(spki());
  std::string pem = "-----BEGIN PUBLIC KEY-----\n";
  for (std::size_t at = 0; at < text.size(); at += kLine) pem += text.substr(at, kLine) + "\n";
  return pem + "-----END PUBLIC KEY-----\n";
}

std::string_view TestKey::method() const {
  if (kind_ == TestKind::ed25519) return "eddsa";
  return kind_ == TestKind::rsa2048 || kind_ == TestKind::rsa1024 ? "rsapss" : "ecdsa";
}

base::Bytes TestKey::sign(std::string_view method, base::ByteView message) const {
  if (method == "rsapss") return fixed_pss(handle(), message);
  if (method == "ecdsa-der-384") return fixed_ecdsa(handle(), sha384(message));
  if (method.starts_with("ecdsa")) {
    const auto der = fixed_ecdsa(handle(), digest::sha256(message).value());
    return method == "ecdsa" ? to_raw(der, EVP_PKEY_get_bits(pkey(*this))) : der;
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const EVP_MD* hash = method == "eddsa" ? nullptr : EVP_sha256();
  require(EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, pkey(*this)) == 1, "init");
  std::size_t size = 0;
  require(EVP_DigestSign(context.get(), nullptr, &size, octets(message), message.size()) == 1, "size");
  base::Bytes signature(size);
  require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, octets(message),
                         message.size()) == 1,
          "sign");
  signature.resize(size);
  return signature;
}

std::string make_certificate(const TestKey& key, const CertificateRecipe& recipe) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509* x509 = certificate.get();
  require(X509_set_version(x509, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x509), 7) == 1, "version");
  require(ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), recipe.not_before.c_str()) == 1, "not before");
  require(ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), recipe.not_after.c_str()) == 1, "not after");
  set_name(X509_get_subject_name(x509), recipe.common_name);
  set_name(X509_get_issuer_name(x509), recipe.issuer != nullptr ? recipe.issuer_name : recipe.common_name);
  require(X509_set_pubkey(x509, pkey(key)) == 1, "public key");
  add_extension(x509, NID_basic_constraints, recipe.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(x509, NID_key_usage, recipe.is_ca ? "critical,keyCertSign" : "critical,digitalSignature");
  if (!recipe.usage.empty() && !recipe.is_ca) add_extension(x509, NID_ext_key_usage, recipe.usage.c_str());
  const TestKey& signer = recipe.issuer != nullptr ? *recipe.issuer : key;
  require(X509_sign(x509, pkey(signer), recipe.sha1 ? EVP_sha1() : EVP_sha256()) > 0, "certificate signature");
  if (signer.method() == "ecdsa" && !recipe.sha1) fix_signature(x509, signer);
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  require(PEM_write_bio_X509(memory.get(), x509) == 1, "PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

sign::Certificate certificate_of(const std::string& pem) { return sign::Certificate::from_pem(pem).front(); }

}  // namespace gapstow::test
