#include "verify.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <sodium/crypto_core_ed25519.h>
#include <sodium/crypto_sign.h>

#include <algorithm>

#include "gapstow/base/error.h"
#include "sodium.h"
#include "spki.h"

namespace gapstow::sign {
namespace {

using base::ByteView;
using base::Error;
using base::ErrorCode;

/// Salt of the PSS signatures that gapstow and Notary make.
constexpr int kPssSaltBytes = 32;

bool is_ecdsa(KeyType type) {
  return type == KeyType::ecdsa_p224 || type == KeyType::ecdsa_p256 || type == KeyType::ecdsa_p384 ||
         type == KeyType::ecdsa_p521;
}

/// Notary signs with SHA-256 on every curve; the DER schemes are tied to one curve each, as TUF names them.
bool fits(Scheme scheme, KeyType type) {
  switch (scheme) {
    case Scheme::ed25519:
      return type == KeyType::ed25519;
    case Scheme::ecdsa_sha256_raw:
      return is_ecdsa(type);
    case Scheme::ecdsa_sha256_der:
      return type == KeyType::ecdsa_p256;
    case Scheme::ecdsa_sha384_der:
      return type == KeyType::ecdsa_p384;
    case Scheme::rsa_pss_sha256:
    case Scheme::rsa_pss_sha256_any_salt:
    case Scheme::rsa_pkcs1_sha256:
      return type == KeyType::rsa;
  }
  return false;
}

bool set_pss(EVP_PKEY_CTX* context, int salt) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0 && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) > 0;
}

bool set_padding(EVP_PKEY_CTX* context, Scheme scheme) {
  switch (scheme) {
    case Scheme::rsa_pss_sha256:
      return set_pss(context, kPssSaltBytes);
    case Scheme::rsa_pss_sha256_any_salt:
      // OpenSSL does not search for the salt of a key that sets a least length.
      return set_pss(context, RSA_PSS_SALTLEN_AUTO) || set_pss(context, kPssSaltBytes);
    case Scheme::rsa_pkcs1_sha256:
      return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
    default:
      return true;
  }
}

bool evp_verify(EVP_PKEY* key, Scheme scheme, ByteView message, ByteView signature) {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;  // belongs to context
  const EVP_MD* md = scheme == Scheme::ecdsa_sha384_der ? EVP_sha384() : EVP_sha256();
  return context != nullptr && EVP_DigestVerifyInit(context.get(), &settings, md, nullptr, key) == 1 &&
         set_padding(settings, scheme) &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message), message.size()) == 1;
}

bool in_range(const BIGNUM* value, const BIGNUM* order) {
  return BN_is_zero(value) == 0 && BN_is_negative(value) == 0 && BN_ucmp(value, order) < 0;
}

bool verify_raw_ecdsa(const VerifyKey& key, Scheme scheme, ByteView message, ByteView signature) {
  const auto half = static_cast<std::size_t>((key.bits + 7) / 8);
  if (signature.size() != 2 * half) return false;
  BigNum r(BN_bin2bn(octets(signature), static_cast<int>(half), nullptr));
  BigNum s(BN_bin2bn(octets(signature.subspan(half)), static_cast<int>(half), nullptr));
  if (!r || !s || !in_range(r.get(), key.order.get()) || !in_range(s.get(), key.order.get())) return false;
  const EcdsaSignature pair(ECDSA_SIG_new());
  if (!pair || ECDSA_SIG_set0(pair.get(), r.release(), s.release()) != 1) return false;
  std::array<std::byte, 160> der{};  // P-521 needs 141
  const int size = i2d_ECDSA_SIG(pair.get(), nullptr);
  if (size <= 0 || static_cast<std::size_t>(size) > der.size()) return false;
  unsigned char* end = writable_octets(der);
  if (i2d_ECDSA_SIG(pair.get(), &end) != size) return false;
  return evp_verify(key.key.get(), scheme, message, ByteView(der).first(static_cast<std::size_t>(size)));
}

bool verify_ed25519(const VerifyKey& key, ByteView message, ByteView signature) {
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(octets(signature), octets(message), message.size(), key.point.data()) == 0;
}

/// Decodes with OpenSSL and demands that it would write the same bytes.
Key decode(ByteView der) {
  const unsigned char* at = octets(der);
  Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != octets(der) + der.size()) {
    throw Error(ErrorCode::malformed, "public key cannot be decoded; is its point on the curve?");
  }
  const auto again = encode_with<EVP_PKEY>(i2d_PUBKEY, key.get());
  if (!base::equal(again, der)) throw Error(ErrorCode::malformed, "public key is not in its canonical DER form");
  return key;
}

void load_ecdsa(VerifyKey& loaded) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, loaded.key.get(), nullptr));
  if (!context || EVP_PKEY_public_check_quick(context.get()) != 1) {
    throw Error(ErrorCode::malformed, "public key is no valid point of its curve");
  }
  BIGNUM* order = nullptr;
  if (EVP_PKEY_get_bn_param(loaded.key.get(), OSSL_PKEY_PARAM_EC_ORDER, &order) != 1) {
    throw Error(ErrorCode::internal, "OpenSSL does not tell the order of a curve");
  }
  loaded.order.reset(order);
}

/// An id-RSASSA-PSS key may demand another hash or a longer salt; then no signature that we check can be its.
void check_pss_allowed(EVP_PKEY* key) {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;
  if (!context || EVP_DigestVerifyInit(context.get(), &settings, EVP_sha256(), nullptr, key) != 1 ||
      !set_pss(settings, kPssSaltBytes)) {
    throw Error(ErrorCode::unsupported, "RSA key does not allow PSS with SHA-256 and a salt of 32 bytes");
  }
}

}  // namespace

VerifyKey load_verify_key(ByteView spki_der) {
  const Spki spki = read_spki(spki_der);
  VerifyKey loaded;
  loaded.type = spki.type;
  loaded.bits = spki.bits;
  if (spki.type == KeyType::ed25519) {
    ensure_sodium();
    std::ranges::copy(std::span(octets(spki.key), spki.key.size()), loaded.point.begin());
    if (crypto_core_ed25519_is_valid_point(loaded.point.data()) != 1) {
      throw Error(ErrorCode::malformed, "Ed25519 key is no canonical point of the main subgroup");
    }
    return loaded;
  }
  const ErrorQueueGuard guard;
  loaded.key = decode(spki_der);
  if (is_ecdsa(spki.type)) {
    load_ecdsa(loaded);
  } else {
    check_pss_allowed(loaded.key.get());
  }
  return loaded;
}

bool is_strict_ecdsa_der(ByteView signature, const BIGNUM* order) noexcept {
  std::array<std::byte, 160> again{};
  if (signature.empty() || signature.size() > again.size()) return false;
  const unsigned char* at = octets(signature);
  const EcdsaSignature pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size())));
  if (!pair || at != octets(signature) + signature.size()) return false;
  if (!in_range(ECDSA_SIG_get0_r(pair.get()), order) || !in_range(ECDSA_SIG_get0_s(pair.get()), order)) return false;
  const int size = i2d_ECDSA_SIG(pair.get(), nullptr);
  if (size <= 0 || static_cast<std::size_t>(size) != signature.size()) return false;
  unsigned char* end = writable_octets(again);
  return i2d_ECDSA_SIG(pair.get(), &end) == size && base::equal(ByteView(again).first(signature.size()), signature);
}

bool check_signature(const VerifyKey& key, Scheme scheme, ByteView message, ByteView signature) noexcept {
  if (!fits(scheme, key.type)) return false;
  if (scheme == Scheme::ed25519) return verify_ed25519(key, message, signature);
  const ErrorQueueGuard guard;
  if (scheme == Scheme::ecdsa_sha256_raw) return verify_raw_ecdsa(key, scheme, message, signature);
  if (is_ecdsa(key.type)) {
    return is_strict_ecdsa_der(signature, key.order.get()) && evp_verify(key.key.get(), scheme, message, signature);
  }
  return signature.size() == static_cast<std::size_t>((key.bits + 7) / 8) &&
         evp_verify(key.key.get(), scheme, message, signature);
}

}  // namespace gapstow::sign
