#include "sealed_secret.h"

#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_pwhash.h>
#include <sodium/randombytes.h>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "octets.h"
#include "sodium.h"

namespace gapstow::sign {
namespace {

using base::Error;
using base::ErrorCode;

static_assert(kSaltBytes == crypto_pwhash_argon2id_SALTBYTES);
static_assert(kNonceBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kSealTagBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(kMinKdfCost.operations >= crypto_pwhash_argon2id_OPSLIMIT_MIN);
static_assert(kMinKdfCost.memory_bytes >= crypto_pwhash_argon2id_MEMLIMIT_MIN);

SecretBytes derive(const SecretBytes& passphrase, const KdfCost& cost, base::ByteView salt) {
  SecretBytes key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  const auto text = base::as_text(passphrase.view());
  if (crypto_pwhash(writable_octets(key.bytes()), key.bytes().size(), text.data(), text.size(), octets(salt),
                    cost.operations, base::checked_narrow<std::size_t>(cost.memory_bytes),
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw Error(ErrorCode::key_unusable,
                "no memory for the key derivation, which takes " + std::to_string(cost.memory_bytes) + " bytes");
  }
  return key;
}

}  // namespace

base::Bytes random_bytes(std::size_t count) {
  ensure_sodium();
  base::Bytes bytes(count);
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

base::Bytes seal_secret(const SecretBytes& secret, const SecretBytes& passphrase, const SealParameters& parameters) {
  ensure_sodium();
  const auto key = derive(passphrase, parameters.cost, parameters.salt);
  base::Bytes sealed(secret.view().size() + kSealTagBytes);
  if (crypto_aead_xchacha20poly1305_ietf_encrypt(
          writable_octets(sealed), nullptr, octets(secret.view()), secret.view().size(), octets(parameters.associated),
          parameters.associated.size(), nullptr, octets(parameters.nonce), octets(key.view())) != 0) {
    throw Error(ErrorCode::internal, "libsodium cannot encrypt");
  }
  return sealed;
}

SecretBytes open_secret(base::ByteView sealed, const SecretBytes& passphrase, const SealParameters& parameters) {
  ensure_sodium();
  const auto key = derive(passphrase, parameters.cost, parameters.salt);
  SecretBytes secret(sealed.size() - kSealTagBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(writable_octets(secret.bytes()), nullptr, nullptr, octets(sealed),
                                                 sealed.size(), octets(parameters.associated),
                                                 parameters.associated.size(), octets(parameters.nonce),
                                                 octets(key.view())) != 0) {
    throw Error(ErrorCode::key_unusable, "the passphrase is wrong, or the key file was changed");
  }
  return secret;
}

}  // namespace gapstow::sign
