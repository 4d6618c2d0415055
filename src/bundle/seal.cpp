#include "gapstow/bundle/seal.h"

#include <algorithm>
#include <set>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::bundle {
namespace {

using base::Error;
using base::ErrorCode;

/// The envelope's text without the padding behind it.
base::ByteView without_padding(base::ByteView entry) {
  while (!entry.empty() && entry.back() == std::byte{' '}) entry = entry.first(entry.size() - 1);
  return entry;
}

/// The longest signature that a key gives: the seal's size is fixed before anything is signed.
std::size_t longest_signature(const sign::PublicKey& key) {
  switch (key.seal_scheme()) {
    case sign::Scheme::ed25519:
      return 64;
    case sign::Scheme::ecdsa_sha256_der:
      return 72;
    default:
      return (static_cast<std::size_t>(key.bits()) + 7) / 8;
  }
}

void insert_signature(sign::Envelope& envelope, sign::EnvelopeSignature signature) {
  const auto at = std::ranges::lower_bound(envelope.signatures, signature.key.fingerprint(), {},
                                           [](const auto& other) { return other.key.fingerprint(); });
  if (at != envelope.signatures.end() && at->key == signature.key) {
    throw Error(ErrorCode::conflict, "key " + signature.key.fingerprint() + " has signed this bundle already");
  }
  envelope.signatures.insert(at, std::move(signature));
}

/// Bytes of an envelope with a payload of that length and a signature of every signer.
std::uint64_t envelope_length(std::uint64_t payload_length, const std::vector<const sign::Signer*>& signers) {
  sign::Envelope empty{std::string(kPayloadType), {}, {}};
  for (const sign::Signer* signer : signers) {
    insert_signature(empty, {signer->public_key(), base::Bytes(longest_signature(signer->public_key()))});
  }
  return sign::write_envelope(empty).size() + (payload_length + 2) / 3 * 4;
}

std::uint64_t padded(std::uint64_t length) { return length + archive::padding_of(length); }

/// seal_size stands in the payload whose length decides it: start with the fewest digits and go up. The size
/// never falls when the digits grow, so this ends.
std::uint64_t find_seal_size(Statement statement, const std::vector<const sign::Signer*>& signers) {
  statement.seal_size = 0;
  const std::uint64_t shortest = write_statement(statement).size();
  base::check_limit(shortest, kMaxStatementBytes, "statement: length");
  std::uint64_t size = 0;
  for (;;) {
    const std::uint64_t payload_length = shortest - 1 + std::to_string(size).size();
    const std::uint64_t next = padded(envelope_length(payload_length, signers) + kSealReserve);
    if (next == size) return size;
    size = next;
  }
}

sign::EnvelopeSignature sign_payload(const sign::Signer& signer, const sign::Envelope& envelope) {
  const base::Bytes message = sign::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  return {signer.public_key(), signer.sign(message)};
}

void check_room(const sign::Envelope& envelope, std::uint64_t seal_size) {
  base::check_limit(envelope.signatures.size(), sign::kMaxEnvelopeSignatures, "number of signatures");
  const std::uint64_t length = sign::write_envelope(envelope).size();
  if (length > seal_size) {
    throw Error(ErrorCode::limit_exceeded, "the room for signatures is used up: " + std::to_string(length) +
                                               " bytes do not fit into " + std::to_string(seal_size));
  }
}

[[noreturn]] void refuse_signers(const SealPolicy& policy, const SealSigners& signers) {
  if (!signers.trusted.empty()) {
    throw Error(ErrorCode::threshold_unmet, std::to_string(signers.trusted.size()) + " trusted signer" +
                                                (signers.trusted.size() == 1 ? "" : "s") + " of " +
                                                std::to_string(policy.threshold) + " required");
  }
  throw Error(ErrorCode::untrusted_key,
              "no trusted signer sealed this bundle, only " +
                  (signers.unknown.empty() ? std::string("nobody") : base::join(signers.unknown, ", ")),
              "if you know where the bundle comes from, add its signer with 'gapstow trust add-signer'");
}

}  // namespace

Seal Seal::parse(base::ByteView entry) {
  base::check_limit(entry.size(), kMaxSealBytes, "size of the seal");
  Seal seal;
  seal.envelope_ = sign::parse_envelope(without_padding(entry));
  if (seal.envelope_.payload_type != kPayloadType) {
    throw Error(ErrorCode::unsupported, "the seal's payload is of type '" +
                                            base::printable(seal.envelope_.payload_type.substr(0, 80)) +
                                            "', which this program does not know");
  }
  seal.statement_ = parse_statement(seal.envelope_.payload);
  if (seal.statement_.seal_size != entry.size()) {
    throw Error(ErrorCode::malformed, "the seal has " + std::to_string(entry.size()) + " bytes, its statement says " +
                                          std::to_string(seal.statement_.seal_size));
  }
  return seal;
}

Seal Seal::make(Statement statement, const std::vector<const sign::Signer*>& signers) {
  if (signers.empty()) throw Error(ErrorCode::usage, "a bundle needs a signer", "name a key with --signer");
  statement.seal_size = find_seal_size(statement, signers);
  Seal seal;
  seal.envelope_.payload_type = kPayloadType;
  seal.envelope_.payload = write_statement(statement);
  // Nothing is sealed that a reader would refuse.
  seal.statement_ = parse_statement(seal.envelope_.payload);
  for (const sign::Signer* signer : signers) seal.add_signature(*signer);
  return seal;
}

base::Bytes Seal::entry_bytes() const {
  base::Bytes bytes = base::to_bytes(sign::write_envelope(envelope_));
  bytes.resize(statement_.seal_size, std::byte{' '});
  return bytes;
}

digest::Digest Seal::bundle_id() const { return digest::sha256(envelope_.payload); }

void Seal::add_signature(const sign::Signer& signer) {
  sign::Envelope envelope = envelope_;
  insert_signature(envelope, sign_payload(signer, envelope));
  check_room(envelope, statement_.seal_size);
  envelope_ = std::move(envelope);
}

SealSigners Seal::prove(const SealPolicy& policy) const {
  if (policy.threshold == 0) throw Error(ErrorCode::internal, "a seal policy that demands no signature");
  sign::check_all_signatures(envelope_);
  std::set<std::string> known;
  for (const sign::PublicKey& key : policy.trusted) known.insert(key.fingerprint());
  SealSigners signers;
  // Every key signs once in an envelope, so these are distinct.
  for (const sign::EnvelopeSignature& signature : envelope_.signatures) {
    const std::string& fingerprint = signature.key.fingerprint();
    (known.contains(fingerprint) ? signers.trusted : signers.unknown).push_back(fingerprint);
  }
  if (signers.trusted.size() < policy.threshold) refuse_signers(policy, signers);
  return signers;
}

}  // namespace gapstow::bundle
