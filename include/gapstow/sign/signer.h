// Signer: whatever can sign; and SecretKey, the signer whose key is in memory.
#pragma once

#include <memory>
#include <string>

#include "gapstow/base/bytes.h"
#include "gapstow/sign/public_key.h"
#include "gapstow/sign/secret.h"

namespace gapstow::sign {

/// The seam for keys in files today and in hardware or services later.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  /// A signature by public_key().seal_scheme(). Throws Error{key_unusable}.
  virtual base::Bytes sign(base::ByteView message) const = 0;
};

/// A private key in guarded memory. Ed25519 is deterministic (RFC 8032); P-256 is randomised.
class SecretKey final : public Signer {
 public:
  /// type: ed25519 or ecdsa_p256, else Error{unsupported}.
  static SecretKey generate(KeyType type);
  /// The secret form kept in key files: the 32-byte seed of Ed25519, the 32-byte
  /// big-endian scalar of P-256. Error{key_unusable} for another length and scalars out of range.
  static SecretKey from_secret(KeyType type, base::ByteView secret);
  SecretKey(SecretKey&&) noexcept;
  SecretKey& operator=(SecretKey&&) noexcept;
  ~SecretKey() override;

  const PublicKey& public_key() const override;
  base::Bytes sign(base::ByteView message) const override;
  /// The bytes for from_secret().
  const SecretBytes& secret() const;

 private:
  struct Data;
  explicit SecretKey(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace gapstow::sign
