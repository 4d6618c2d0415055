// SubjectPublicKeyInfo, looked through before any library decodes it. Sources: RFC 5280, 5480, 8017, 8410.
#pragma once

#include "gapstow/base/bytes.h"
#include "gapstow/sign/public_key.h"

namespace gapstow::sign {

/// What the outside of a key says. `key` is a view into the DER: the Ed25519 point, the uncompressed EC point
/// or the RSAPublicKey.
struct Spki {
  KeyType type;
  int bits;
  base::ByteView key;
};

/// Checks that the bytes are one key of a kind in KeyType in its one spelling: named curves, uncompressed
/// points of the right length, RSA sizes and exponents in bounds. It does not check that a point is on its curve.
/// Throws Error{malformed} and Error{unsupported}.
Spki read_spki(base::ByteView der);

/// The SubjectPublicKeyInfo of 32 bytes of Ed25519.
base::Bytes ed25519_spki(base::ByteView raw);

/// The SubjectPublicKeyInfo of an uncompressed point of P-256 or P-384. Error{malformed} for another length or form,
/// Error{unsupported} for other kinds.
base::Bytes ec_point_spki(KeyType curve, base::ByteView point);

}  // namespace gapstow::sign
