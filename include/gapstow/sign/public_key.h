// Public keys and what they can verify. Sources: RFC 8032, RFC 5480, RFC 8017; DER per X.690.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gapstow/base/bytes.h"

namespace gapstow::sign {

enum class KeyType { ed25519, ecdsa_p224, ecdsa_p256, ecdsa_p384, ecdsa_p521, rsa };

/// "ed25519", "ecdsa-p256", "rsa", …
std::string_view name(KeyType type);

/// How a signature was made; each belongs to one family of keys and is refused with any other.
enum class Scheme {
  ed25519,                  ///< 64 bytes, over the message itself
  ecdsa_sha256_raw,         ///< r || s, each padded to the curve's size; any of the four curves (Notary v1)
  ecdsa_sha256_der,         ///< ASN.1 DER, minimal; P-256 only (DSSE, TUF)
  ecdsa_sha384_der,         ///< as before, SHA-384; P-384 only (TUF)
  rsa_pss_sha256,           ///< MGF1-SHA-256, salt of exactly 32 bytes
  rsa_pss_sha256_any_salt,  ///< as before, any salt length (TUF)
  rsa_pkcs1_sha256,         ///< PKCS #1 v1.5 (Notary v1 metadata only, never for seals)
};

/// RSA keys below this are refused wherever they come from.
inline constexpr int kMinRsaBits = 2048;
inline constexpr int kMaxRsaBits = 16384;

/// A public key: shared, immutable, cheap to copy, usable from several threads.
class PublicKey {
 public:
  /// Each throws Error{malformed} for bytes that are not exactly one key (trailing data included) and
  /// Error{unsupported} for kinds, curves or sizes that are not in KeyType.
  static PublicKey from_spki_der(base::ByteView der);
  /// One "PUBLIC KEY" block; white space around it is allowed, any other text is not.
  static PublicKey from_pem(std::string_view pem);
  /// The 32 bytes of an Ed25519 point; points that are small-order, non-canonical or outside of the main
  /// subgroup are Error{malformed}, here and in the other forms.
  static PublicKey from_ed25519(base::ByteView raw);
  /// An uncompressed point (0x04, x, y) of the curve, which is ecdsa_p256 or ecdsa_p384.
  static PublicKey from_ec_point(KeyType curve, base::ByteView point);

  KeyType type() const;
  int bits() const;
  const base::Bytes& spki_der() const;
  /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo DER: the key's identity everywhere in gapstow.
  const std::string& fingerprint() const;
  std::string pem() const;

  /// True when the signature is good. A scheme that does not fit the key, a signature of the wrong length, a
  /// non-minimal DER form or r, s out of range give false, never an exception.
  bool verify(Scheme scheme, base::ByteView message, base::ByteView signature) const;
  /// The scheme by which this key signs seals: ed25519, ecdsa_sha256_der (P-256 only) or rsa_pss_sha256.
  /// Error{unsupported} for other keys.
  Scheme seal_scheme() const;

  bool operator==(const PublicKey& other) const { return fingerprint() == other.fingerprint(); }

 private:
  struct Data;
  explicit PublicKey(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
  friend class Certificate;
};

}  // namespace gapstow::sign
