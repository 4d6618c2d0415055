#include "support/fixed_signing.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "gapstow/digest/digest.h"

namespace gapstow::test {
namespace {

template <auto Release>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Release(object);
  }
};
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_clear_free>>;
using Numbers = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;
using Group = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, FreeWith<EC_POINT_free>>;

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

std::shared_ptr<void> owned(EVP_PKEY* key) {
  require(key != nullptr, "key");
  return {key, [](void* handle) { EVP_PKEY_free(static_cast<EVP_PKEY*>(handle)); }};
}

const unsigned char* octets(base::ByteView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* octets(base::Bytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

Number number_of(base::ByteView bytes) {
  return Number(BN_bin2bn(octets(bytes), static_cast<int>(bytes.size()), nullptr));
}

Group group_of(const char* curve) {
  Group group(EC_GROUP_new_by_curve_name(EC_curve_nist2nid(curve)));
  require(group != nullptr, "curve");
  return group;
}

base::Bytes joined(base::ByteView a, base::ByteView b) {
  base::Bytes all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

/// The leftmost bits of the hash, as many as the order has (FIPS 186-4, section 6.4).
Number hash_number(base::ByteView hash, const BIGNUM* order) {
  Number z = number_of(hash);
  const int excess = static_cast<int>(hash.size() * 8) - BN_num_bits(order);
  if (excess > 0) require(BN_rshift(z.get(), z.get(), excess) == 1, "shift");
  return z;
}

/// MGF1 with SHA-256 (RFC 8017, appendix B.2.1).
base::Bytes mask_of(base::ByteView seed, std::size_t size) {
  base::Bytes mask;
  for (unsigned char i = 0; mask.size() < size; ++i) {
    const base::Bytes counter{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{i}};
    const auto block = digest::sha256(joined(seed, counter));
    mask.insert(mask.end(), block.value().begin(), block.value().end());
  }
  mask.resize(size);
  return mask;
}

/// EMSA-PSS (RFC 8017, section 9.1.1) for a modulus of whole bytes.
base::Bytes pss_encoded(base::ByteView message, std::size_t size) {
  const auto hash = digest::sha256(message);
  const auto salt = digest::sha256(hash.value());
  const auto h = digest::sha256(joined(base::Bytes(8), joined(hash.value(), salt.value())));
  base::Bytes block(size - salt.value().size() - h.value().size() - 2);
  block.push_back(std::byte{1});
  block.insert(block.end(), salt.value().begin(), salt.value().end());
  const auto mask = mask_of(h.value(), block.size());
  std::ranges::transform(block, mask, block.begin(), [](std::byte a, std::byte b) { return a ^ b; });
  block.front() &= std::byte{0x7F};
  block.insert(block.end(), h.value().begin(), h.value().end());
  block.push_back(std::byte{0xBC});
  return block;
}

}  // namespace

std::shared_ptr<void> fixed_curve_key(const char* curve, unsigned char number) {
  const Group group = group_of(curve);
  const auto size = static_cast<std::size_t>(EC_GROUP_order_bits(group.get()) / 8);
  const Number secret = number_of(base::Bytes(size, std::byte{number}));
  const Point point(EC_POINT_new(group.get()));
  require(EC_POINT_mul(group.get(), point.get(), secret.get(), nullptr, nullptr, nullptr) == 1, "point");
  std::array<unsigned char, 160> shared{};
  const std::size_t length = EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, shared.data(),
                                                shared.size(), nullptr);
  const std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  require(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
              OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get()) == 1 &&
              OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, shared.data(), length) == 1,
          "parameters");
  const std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  require(EVP_PKEY_fromdata_init(context.get()) == 1 &&
              EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) == 1,
          "key of a curve");
  return owned(key);
}

std::shared_ptr<void> fixed_ed25519_key(unsigned char number) {
  std::array<unsigned char, 32> seed{};
  seed.fill(number);
  return owned(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
}

std::shared_ptr<void> stored_key(const char* file) {
  const std::string path = std::string(GAPSTOW_SOURCE_DIR) + "/tests/data/keys/" + file;
  const std::unique_ptr<BIO, FreeWith<BIO_free>> in(BIO_new_file(path.c_str(), "rb"));
  require(in != nullptr, "key file");
  return owned(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
}

base::Bytes fixed_ecdsa(void* key, base::ByteView hash) {
  auto* pkey = static_cast<EVP_PKEY*>(key);
  std::array<char, 64> curve{};
  BIGNUM* raw_secret = nullptr;
  require(EVP_PKEY_get_group_name(pkey, curve.data(), curve.size(), nullptr) == 1 &&
              EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &raw_secret) == 1,
          "key of a curve");
  const Number secret(raw_secret);
  const Group group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(curve.data())));
  const BIGNUM* order = EC_GROUP_get0_order(group.get());
  const Numbers context(BN_CTX_new());
  base::Bytes secret_bytes(static_cast<std::size_t>(BN_num_bytes(secret.get())));
  BN_bn2bin(secret.get(), octets(secret_bytes));
  const Number nonce = number_of(digest::sha512(joined(secret_bytes, hash)).value());
  const Point point(EC_POINT_new(group.get()));
  Number r(BN_new());
  Number s(BN_new());
  const Number z = hash_number(hash, order);
  // r = x(kG) mod n, s = (z + r d) / k mod n
  require(BN_mod(nonce.get(), nonce.get(), order, context.get()) == 1 &&
              EC_POINT_mul(group.get(), point.get(), nonce.get(), nullptr, nullptr, context.get()) == 1 &&
              EC_POINT_get_affine_coordinates(group.get(), point.get(), r.get(), nullptr, context.get()) == 1 &&
              BN_mod(r.get(), r.get(), order, context.get()) == 1 &&
              BN_mod_mul(s.get(), r.get(), secret.get(), order, context.get()) == 1 &&
              BN_mod_add(s.get(), s.get(), z.get(), order, context.get()) == 1 &&
              BN_mod_inverse(nonce.get(), nonce.get(), order, context.get()) != nullptr &&
              BN_mod_mul(s.get(), s.get(), nonce.get(), order, context.get()) == 1,
          "ECDSA");
  const std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  require(ECDSA_SIG_set0(pair.get(), r.release(), s.release()) == 1, "ECDSA pair");
  base::Bytes der(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)));
  unsigned char* end = octets(der);
  i2d_ECDSA_SIG(pair.get(), &end);
  return der;
}

base::Bytes fixed_pss(void* key, base::ByteView message) {
  auto* pkey = static_cast<EVP_PKEY*>(key);
  const std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  const auto encoded = pss_encoded(message, static_cast<std::size_t>(EVP_PKEY_get_size(pkey)));
  base::Bytes signature(encoded.size());
  std::size_t size = signature.size();
  require(EVP_PKEY_sign_init(context.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1 &&
              EVP_PKEY_sign(context.get(), octets(signature), &size, octets(encoded), encoded.size()) == 1 &&
              size == signature.size(),
          "PSS");
  return signature;
}

}  // namespace gapstow::test
