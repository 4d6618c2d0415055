#include "ec_secret.h"

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <sodium/randombytes.h>

#include <array>

#include "gapstow/base/error.h"
#include "sodium.h"

namespace gapstow::sign {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kScalarBytes = 32;
constexpr std::size_t kPointBytes = 65;

[[noreturn]] void fail() { throw Error(ErrorCode::internal, "OpenSSL cannot compute with a P-256 key"); }

EcGroup p256() {
  EcGroup group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  if (!group) fail();
  return group;
}

/// The number of a scalar, or nothing when it is out of range.
BigNum scalar_number(base::ByteView scalar, const EC_GROUP* group) {
  BigNum number(BN_secure_new());
  if (!number || BN_bin2bn(octets(scalar), static_cast<int>(scalar.size()), number.get()) == nullptr) fail();
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  const bool good = BN_is_zero(number.get()) == 0 && BN_cmp(number.get(), EC_GROUP_get0_order(group)) < 0;
  return good ? std::move(number) : nullptr;
}

std::array<unsigned char, kPointBytes> public_point(const BIGNUM* scalar, const EC_GROUP* group) {
  const EcPoint point(EC_POINT_new(group));
  const BigNumContext context(BN_CTX_secure_new());
  std::array<unsigned char, kPointBytes> bytes{};
  if (!point || !context || EC_POINT_mul(group, point.get(), scalar, nullptr, nullptr, context.get()) != 1 ||
      EC_POINT_point2oct(group, point.get(), POINT_CONVERSION_UNCOMPRESSED, bytes.data(), bytes.size(),
                         context.get()) != bytes.size()) {
    fail();
  }
  return bytes;
}

}  // namespace

SecretBytes random_p256_scalar() {
  ensure_sodium();
  const ErrorQueueGuard guard;
  const auto group = p256();
  SecretBytes scalar(kScalarBytes);
  do {
    randombytes_buf(scalar.bytes().data(), scalar.bytes().size());
  } while (!scalar_number(scalar.view(), group.get()));
  return scalar;
}

Key p256_key_pair(base::ByteView scalar) {
  const ErrorQueueGuard guard;
  const auto group = p256();
  const auto number = scalar.size() == kScalarBytes ? scalar_number(scalar, group.get()) : nullptr;
  if (!number) throw Error(ErrorCode::key_unusable, "private key is no scalar of P-256");
  auto point = public_point(number.get(), group.get());
  // OpenSSL takes integers in the byte order of the machine.
  SecretBytes native(kScalarBytes);
  if (BN_bn2nativepad(number.get(), writable_octets(native.bytes()), kScalarBytes) != kScalarBytes) fail();
  std::array<char, 6> curve{"P-256"};
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, writable_octets(native.bytes()), kScalarBytes),
      OSSL_PARAM_construct_end(),
  };
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* pair = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &pair, EVP_PKEY_KEYPAIR, const_cast<OSSL_PARAM*>(parameters.data())) != 1) {
    fail();
  }
  return Key(pair);
}

}  // namespace gapstow::sign
