// Keys and signatures that are the same in every run, for files that are kept. Never for anything but tests: the
// secrets are known to everybody, and the nonces follow from them.
#pragma once

#include <memory>

#include "gapstow/base/bytes.h"

namespace gapstow::test {

/// EVP_PKEY of a curve by OpenSSL's name ("P-256"), its secret `number` in every byte.
std::shared_ptr<void> fixed_curve_key(const char* curve, unsigned char number);
/// EVP_PKEY of Ed25519 whose seed has `number` in every byte.
std::shared_ptr<void> fixed_ed25519_key(unsigned char number);
/// EVP_PKEY out of a PEM file of tests/data/keys.
std::shared_ptr<void> stored_key(const char* file);

/// ECDSA over a hash in DER, the nonce made from secret and hash.
base::Bytes fixed_ecdsa(void* key, base::ByteView hash);
/// RSASSA-PSS with SHA-256 and a salt of 32 bytes that is made from the message.
base::Bytes fixed_pss(void* key, base::ByteView message);

}  // namespace gapstow::test
