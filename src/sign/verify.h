// Signature checks for every scheme, over keys that were checked when they were made.
#pragma once

#include <array>

#include "gapstow/base/bytes.h"
#include "gapstow/sign/public_key.h"
#include "openssl.h"

namespace gapstow::sign {

/// A public key in the form that its library wants.
struct VerifyKey {
  KeyType type = KeyType::ed25519;
  int bits = 0;
  std::array<unsigned char, 32> point{};  ///< Ed25519
  Key key;                                ///< ECDSA and RSA
  BigNum order;                           ///< ECDSA
};

/// Takes the key out of its SubjectPublicKeyInfo. Throws as PublicKey::from_spki_der() does.
VerifyKey load_verify_key(base::ByteView spki_der);

/// True when the signature is good; everything else is false.
bool check_signature(const VerifyKey& key, Scheme scheme, base::ByteView message, base::ByteView signature) noexcept;

/// False when the bytes are no ECDSA signature in DER of the shortest form with r and s in [1, order).
bool is_strict_ecdsa_der(base::ByteView signature, const BIGNUM* order) noexcept;

}  // namespace gapstow::sign
