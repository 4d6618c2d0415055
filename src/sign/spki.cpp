#include "spki.h"

#include <array>
#include <bit>
#include <string>

#include "der.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"

namespace gapstow::sign {
namespace {

using base::Error;
using base::ErrorCode;

/// An RSA key of kMaxRsaBits takes a little over 2 KiB.
constexpr std::size_t kMaxSpkiBytes = 16 << 10;

// Content of the object identifiers, in hexadecimal.
constexpr std::string_view kEd25519 = "2b6570";
constexpr std::string_view kEcPublicKey = "2a8648ce3d0201";
constexpr std::string_view kRsaEncryption = "2a864886f70d010101";
constexpr std::string_view kRsassaPss = "2a864886f70d01010a";
constexpr std::string_view kEd25519Prefix = "302a300506032b6570032100";
constexpr std::string_view kP256Prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
constexpr std::string_view kP384Prefix = "3076301006072a8648ce3d020106052b81040022036200";

struct Curve {
  std::string_view object_id;
  KeyType type;
  int bits;
};
constexpr std::array kCurves{
    Curve{"2b81040021", KeyType::ecdsa_p224, 224},
    Curve{"2a8648ce3d030107", KeyType::ecdsa_p256, 256},
    Curve{"2b81040022", KeyType::ecdsa_p384, 384},
    Curve{"2b81040023", KeyType::ecdsa_p521, 521},
};

[[noreturn]] void malformed(const std::string& why) { throw Error(ErrorCode::malformed, why); }
[[noreturn]] void unsupported(const std::string& why, const std::string& hint = {}) {
  throw Error(ErrorCode::unsupported, why, hint);
}

Spki read_ed25519(const DerReader& parameters, base::ByteView key) {
  parameters.expect_end();
  if (key.size() != 32) malformed("Ed25519 key has " + std::to_string(key.size()) + " bytes instead of 32");
  return {KeyType::ed25519, 256, key};
}

Spki read_ec(DerReader parameters, base::ByteView key) {
  if (!parameters.next_is(DerTag::object_id)) {
    if (parameters.at_end()) malformed("elliptic curve key names no curve");
    unsupported("elliptic curve key spells out its parameters instead of naming a curve");
  }
  const std::string object_id = base::hex(parameters.content(DerTag::object_id));
  parameters.expect_end();
  const auto curve = std::ranges::find(kCurves, object_id, &Curve::object_id);
  if (curve == kCurves.end()) {
    unsupported("elliptic curve key on an unknown curve", "supported are P-224, P-256, P-384 and P-521");
  }
  if (key.empty()) malformed("elliptic curve key without a point");
  const auto form = std::to_integer<unsigned>(key[0]);
  if (form == 2 || form == 3) unsupported("elliptic curve key holds a compressed point");
  const auto size = 1 + 2 * static_cast<std::size_t>((curve->bits + 7) / 8);
  if (form != 4 || key.size() != size) malformed("elliptic curve key holds no uncompressed point of its curve's size");
  return {curve->type, curve->bits, key};
}

/// Bits of a magnitude without leading zero bytes.
int bit_width(base::ByteView magnitude) {
  const auto top = std::to_integer<unsigned>(magnitude[0]);
  return static_cast<int>((magnitude.size() - 1) * 8) + static_cast<int>(std::bit_width(top));
}

bool is_odd(base::ByteView magnitude) { return (std::to_integer<unsigned>(magnitude.back()) & 1) != 0; }

Spki read_rsa(base::ByteView key) {
  DerReader outer(key);
  DerReader numbers = outer.sequence();
  outer.expect_end();
  const auto modulus = numbers.positive_integer();
  const auto exponent = numbers.positive_integer();
  numbers.expect_end();
  const int bits = bit_width(modulus);
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    unsupported("RSA key of " + std::to_string(bits) + " bits",
                "supported are " + std::to_string(kMinRsaBits) + " to " + std::to_string(kMaxRsaBits) + " bits");
  }
  if (!is_odd(modulus)) malformed("RSA modulus is even");
  if (!is_odd(exponent) || bit_width(exponent) < 2) malformed("RSA exponent is even or 1");
  if (bit_width(exponent) > 32) unsupported("RSA exponent of more than 32 bits");
  return {KeyType::rsa, bits, key};
}

}  // namespace

Spki read_spki(base::ByteView der) {
  if (der.size() > kMaxSpkiBytes) malformed("public key is larger than any supported one");
  DerReader all(der);
  DerReader info = all.sequence();
  all.expect_end();
  DerReader algorithm = info.sequence();
  const auto key = info.whole_bits();
  info.expect_end();
  const std::string object_id = base::hex(algorithm.content(DerTag::object_id));
  if (object_id == kEd25519) return read_ed25519(algorithm, key);
  if (object_id == kEcPublicKey) return read_ec(algorithm, key);
  if (object_id == kRsassaPss) return read_rsa(key);
  if (object_id == kRsaEncryption) {
    if (!algorithm.content(DerTag::null).empty()) malformed("RSA key has parameters");
    algorithm.expect_end();
    return read_rsa(key);
  }
  unsupported("public key of an unknown kind", "supported are Ed25519, ECDSA and RSA");
}

base::Bytes ed25519_spki(base::ByteView raw) {
  base::Bytes der = base::from_hex(kEd25519Prefix);
  base::append(der, raw);
  return der;
}

base::Bytes ec_point_spki(KeyType curve, base::ByteView point) {
  if (curve != KeyType::ecdsa_p256 && curve != KeyType::ecdsa_p384) {
    unsupported("bare points are taken of P-256 and P-384 only");
  }
  const bool is_p256 = curve == KeyType::ecdsa_p256;
  const std::size_t size = is_p256 ? 65 : 97;
  if (point.size() != size || point[0] != std::byte{4}) {
    malformed("elliptic curve key holds no uncompressed point of its curve's size");
  }
  base::Bytes spki = base::from_hex(is_p256 ? kP256Prefix : kP384Prefix);
  spki.insert(spki.end(), point.begin(), point.end());
  return spki;
}

}  // namespace gapstow::sign
