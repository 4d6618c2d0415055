// The seal: statement, envelope, padding; and the proof that trusted signers made it.
#pragma once

#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/bundle/statement.h"
#include "gapstow/sign/dsse.h"
#include "gapstow/sign/public_key.h"
#include "gapstow/sign/signer.h"

namespace gapstow::bundle {

inline constexpr std::string_view kSealName = "gapstow/seal.json";
/// Room kept for co-signers: bytes behind the first signatures. Eight more RSA-4096 signers fit.
inline constexpr std::uint64_t kSealReserve = 16 * 1024;

/// Which keys may seal, and how many distinct ones must.
struct SealPolicy {
  std::vector<sign::PublicKey> trusted;
  unsigned threshold = 1;
};

/// Who signed a seal, as fingerprints.
struct SealSigners {
  std::vector<std::string> trusted;  ///< counted, sorted
  std::vector<std::string> unknown;  ///< listed, never counted, sorted
};

/// A parsed seal; its statement is a claim until prove().
class Seal {
 public:
  /// Parses the bytes of the seal entry: canonical envelope, then spaces only. The entry's size must be the
  /// statement's seal_size.
  static Seal parse(base::ByteView entry);
  /// Makes a new one: computes seal_size (payload, signatures, reserve; a multiple of 512), signs. At least one
  /// signer, distinct keys.
  static Seal make(Statement statement, const std::vector<const sign::Signer*>& signers);

  /// What it says; proves nothing.
  const Statement& claimed() const { return statement_; }
  const sign::Envelope& envelope() const { return envelope_; }
  /// The bytes of the entry, padded to seal_size.
  base::Bytes entry_bytes() const;
  /// SHA-256 of the payload: the bundle's identity, the same before and after co-signing.
  digest::Digest bundle_id() const;

  /// Adds a signature; Error{conflict} when that key has signed, Error{limit_exceeded} when the padding is used up.
  void add_signature(const sign::Signer& signer);

  /// Checks every signature, then counts distinct trusted keys. Error{signature_invalid}, Error{untrusted_key} when
  /// no trusted key signed, Error{threshold_unmet} when too few did.
  SealSigners prove(const SealPolicy& policy) const;

 private:
  Seal() = default;
  Statement statement_;
  sign::Envelope envelope_;
};

}  // namespace gapstow::bundle
