// How a secret is encrypted with a passphrase: Argon2id, then XChaCha20-Poly1305.
#pragma once

#include "gapstow/base/bytes.h"
#include "gapstow/sign/key_file.h"
#include "gapstow/sign/secret.h"

namespace gapstow::sign {

inline constexpr std::size_t kSaltBytes = 16;
inline constexpr std::size_t kNonceBytes = 24;
inline constexpr std::size_t kSealTagBytes = 16;

/// Fresh random bytes.
base::Bytes random_bytes(std::size_t count);

/// What is needed beside the passphrase.
struct SealParameters {
  KdfCost cost;
  base::ByteView salt;
  base::ByteView nonce;
  base::ByteView associated;
};

/// The encrypted secret with its tag. Throws Error{key_unusable} when there is no memory for Argon2id.
base::Bytes seal_secret(const SecretBytes& secret, const SecretBytes& passphrase, const SealParameters& parameters);

/// The secret. Throws Error{key_unusable} when the passphrase is wrong or anything was changed.
SecretBytes open_secret(base::ByteView sealed, const SecretBytes& passphrase, const SealParameters& parameters);

}  // namespace gapstow::sign
