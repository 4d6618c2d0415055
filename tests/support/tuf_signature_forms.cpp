#include "support/tuf_signature_forms.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include <memory>
#include <stdexcept>

namespace gapstow::test {
namespace {

using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

std::size_t size_of(const TestKey& key) {
  return static_cast<std::size_t>(EVP_PKEY_get_bits(static_cast<EVP_PKEY*>(key.handle())) + 7) / 8;
}

Number number(base::ByteView bytes) {
  return {BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr),
          BN_free};
}

base::Bytes padded(const BIGNUM* value, std::size_t size) {
  base::Bytes bytes(size);
  if (BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) < 0) {
    throw std::runtime_error("a number too large");
  }
  return bytes;
}

Number order_of(const TestKey& key) {
  const int curve = key.kind() == TestKind::p384 ? NID_secp384r1 : NID_X9_62_prime256v1;
  const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(EC_GROUP_new_by_curve_name(curve), EC_GROUP_free);
  return {BN_dup(EC_GROUP_get0_order(group.get())), BN_free};
}

}  // namespace

EcdsaPair EcdsaPair::from_raw(base::ByteView bytes) {
  return {base::to_bytes(bytes.first(bytes.size() / 2)), base::to_bytes(bytes.last(bytes.size() / 2))};
}

EcdsaPair EcdsaPair::from_der(base::ByteView der, const TestKey& key) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
  if (pair == nullptr) throw std::runtime_error("no ECDSA signature");
  return {padded(ECDSA_SIG_get0_r(pair.get()), size_of(key)), padded(ECDSA_SIG_get0_s(pair.get()), size_of(key))};
}

base::Bytes EcdsaPair::raw() const {
  base::Bytes bytes = r;
  bytes.insert(bytes.end(), s.begin(), s.end());
  return bytes;
}

base::Bytes EcdsaPair::der() const {
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(), ECDSA_SIG_free);
  ECDSA_SIG_set0(pair.get(), number(r).release(), number(s).release());
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &out);
  if (size <= 0) throw std::runtime_error("ECDSA signature");
  const auto* first = reinterpret_cast<const std::byte*>(out);
  base::Bytes bytes(first, first + size);
  OPENSSL_free(out);
  return bytes;
}

base::Bytes curve_order(const TestKey& key) { return padded(order_of(key).get(), size_of(key)); }

base::Bytes negated(const base::Bytes& value, const TestKey& key) {
  auto order = order_of(key);
  BN_sub(order.get(), order.get(), number(value).get());
  return padded(order.get(), size_of(key));
}

// SEQUENCE: 30 length, INTEGER: 02 length bytes, twice.

void pad_first_number(base::Bytes& der) {
  der.insert(der.begin() + 4, std::byte{0});
  der[3] = static_cast<std::byte>(std::to_integer<int>(der[3]) + 1);
  der[1] = static_cast<std::byte>(std::to_integer<int>(der[1]) + 1);
}

void make_first_number_negative(base::Bytes& der) { der[4] |= std::byte{0x80}; }

void write_length_in_two_bytes(base::Bytes& der) { der.insert(der.begin() + 1, std::byte{0x81}); }

void leave_length_open(base::Bytes& der) {
  der[1] = std::byte{0x80};
  der.insert(der.end(), 2, std::byte{0});
}

void add_byte_inside(base::Bytes& der) {
  der.push_back(std::byte{0});
  der[1] = static_cast<std::byte>(std::to_integer<int>(der[1]) + 1);
}

}  // namespace gapstow::test
