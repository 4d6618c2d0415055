// The arithmetic of P-256 private keys.
#pragma once

#include "gapstow/base/bytes.h"
#include "gapstow/sign/secret.h"
#include "openssl.h"

namespace gapstow::sign {

/// A random scalar in [1, n-1], 32 bytes, big-endian.
SecretBytes random_p256_scalar();

/// The key pair of a scalar. Throws Error{key_unusable} when it is not 32 bytes or not in [1, n-1].
Key p256_key_pair(base::ByteView scalar);

}  // namespace gapstow::sign
