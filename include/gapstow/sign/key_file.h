// Private keys at rest: a small JSON file, encrypted with a passphrase (Argon2id, XChaCha20-Poly1305).
// The format is normative in formats/key-file.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gapstow/base/bytes.h"
#include "gapstow/sign/secret.h"
#include "gapstow/sign/signer.h"

namespace gapstow::sign {

/// A key file is never larger than this.
inline constexpr std::size_t kMaxKeyFileBytes = 16 << 10;

/// What it costs to try one passphrase; the bounds keep a hostile file from using up memory or time.
struct KdfCost {
  std::uint64_t operations = 3;
  std::uint64_t memory_bytes = 64ULL << 20;
};
inline constexpr KdfCost kMaxKdfCost{16, 1ULL << 30};
/// Below these Argon2id cannot work.
inline constexpr KdfCost kMinKdfCost{1, 8ULL << 10};

/// The text of a key file. Without a passphrase the secret stands in the clear and the file says so. An empty
/// passphrase or a cost out of bounds is Error{usage}.
base::Bytes write_key_file(const SecretKey& key, const std::optional<SecretBytes>& passphrase,
                           const KdfCost& cost = {});

/// A key file that is parsed but not opened yet; its public key is known without the passphrase. Movable only,
/// because an unencrypted file's secret is in it.
class KeyFile {
 public:
  /// Error{malformed}, Error{unsupported} (newer version), Error{limit_exceeded} (KDF cost).
  static KeyFile parse(base::ByteView text);
  const PublicKey& public_key() const { return public_key_; }
  bool is_encrypted() const { return encrypted_; }
  /// Error{key_unusable} when the passphrase is wrong or missing, or the secret does not fit the public key. A
  /// passphrase for a file that is not encrypted is not looked at.
  SecretKey open(const std::optional<SecretBytes>& passphrase) const;

 private:
  explicit KeyFile(PublicKey key) : public_key_(std::move(key)) {}
  PublicKey public_key_;
  bool encrypted_ = false;
  KdfCost cost_;
  base::Bytes salt_;
  base::Bytes nonce_;
  base::Bytes sealed_;
  SecretBytes clear_;
};

}  // namespace gapstow::sign
