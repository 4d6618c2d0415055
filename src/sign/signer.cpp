#include "gapstow/sign/signer.h"

#include <sodium/crypto_sign.h>
#include <sodium/randombytes.h>

#include "ec_secret.h"
#include "gapstow/base/error.h"
#include "openssl.h"
#include "sodium.h"

namespace gapstow::sign {

using base::Error;
using base::ErrorCode;

struct SecretKey::Data {
  SecretBytes secret;
  PublicKey public_key;
  SecretBytes expanded;  ///< Ed25519: seed and public key, as libsodium signs with
  Key pair;              ///< P-256
};

namespace {

constexpr std::size_t kSecretBytes = 32;

[[noreturn]] void unsupported(KeyType type) {
  throw Error(ErrorCode::unsupported, "private keys of type " + std::string(name(type)) + " are not supported",
              "use ed25519 or p256");
}

[[noreturn]] void cannot_sign() { throw Error(ErrorCode::key_unusable, "the private key does not sign"); }

base::Bytes sign_ed25519(const SecretBytes& expanded, base::ByteView message) {
  base::Bytes signature(crypto_sign_BYTES);
  if (crypto_sign_detached(writable_octets(signature), nullptr, octets(message), message.size(),
                           octets(expanded.view())) != 0) {
    cannot_sign();
  }
  return signature;
}

base::Bytes sign_p256(EVP_PKEY* pair, base::ByteView message) {
  const ErrorQueueGuard guard;
  const DigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, pair) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, octets(message), message.size()) != 1) {
    cannot_sign();
  }
  base::Bytes signature(size);
  if (EVP_DigestSign(context.get(), writable_octets(signature), &size, octets(message), message.size()) != 1) {
    cannot_sign();
  }
  signature.resize(size);
  return signature;
}

}  // namespace

SecretKey::SecretKey(std::unique_ptr<Data> data) : data_(std::move(data)) {}
SecretKey::SecretKey(SecretKey&&) noexcept = default;
SecretKey& SecretKey::operator=(SecretKey&&) noexcept = default;
SecretKey::~SecretKey() = default;

SecretKey SecretKey::generate(KeyType type) {
  if (type == KeyType::ecdsa_p256) return from_secret(type, random_p256_scalar().view());
  if (type != KeyType::ed25519) unsupported(type);
  ensure_sodium();
  SecretBytes seed(kSecretBytes);
  randombytes_buf(seed.bytes().data(), seed.bytes().size());
  return from_secret(type, seed.view());
}

SecretKey SecretKey::from_secret(KeyType type, base::ByteView secret) {
  if (type != KeyType::ed25519 && type != KeyType::ecdsa_p256) unsupported(type);
  if (secret.size() != kSecretBytes) {
    throw Error(ErrorCode::key_unusable, "private key has " + std::to_string(secret.size()) + " bytes instead of " +
                                             std::to_string(kSecretBytes));
  }
  auto kept = SecretBytes::copy_of(secret);
  if (type == KeyType::ecdsa_p256) {
    Key pair = p256_key_pair(secret);
    auto public_key = PublicKey::from_spki_der(encode_with<EVP_PKEY>(i2d_PUBKEY, pair.get()));
    return SecretKey(std::make_unique<Data>(Data{std::move(kept), std::move(public_key), {}, std::move(pair)}));
  }
  SecretBytes expanded(crypto_sign_SECRETKEYBYTES);
  base::Bytes point(crypto_sign_PUBLICKEYBYTES);
  if (crypto_sign_seed_keypair(writable_octets(point), writable_octets(expanded.bytes()), octets(secret)) != 0) {
    throw Error(ErrorCode::internal, "libsodium cannot expand an Ed25519 key");
  }
  auto public_key = PublicKey::from_ed25519(point);
  return SecretKey(std::make_unique<Data>(Data{std::move(kept), std::move(public_key), std::move(expanded), nullptr}));
}

const PublicKey& SecretKey::public_key() const { return data_->public_key; }

const SecretBytes& SecretKey::secret() const { return data_->secret; }

base::Bytes SecretKey::sign(base::ByteView message) const {
  auto signature = data_->pair ? sign_p256(data_->pair.get(), message) : sign_ed25519(data_->expanded, message);
  // A signature that a fault spoiled can give the key away, so none leaves unchecked.
  if (!public_key().verify(public_key().seal_scheme(), message, signature)) cannot_sign();
  return signature;
}

}  // namespace gapstow::sign
