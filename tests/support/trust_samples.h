// Small trust stores, state updates and records for tests.
#pragma once

#include <string>
#include <vector>

#include "gapstow/trust/state.h"
#include "gapstow/trust/store.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::test {

/// A text file below tests/data, such as "keys/p256.pub".
std::string data_text(const std::string& name);

/// A signer with a key of tests/data/keys: "ed25519", "p256", "rsa2048".
trust::TrustedSigner sample_signer(const std::string& name, const std::string& key);

/// Signers alice (Ed25519), bob (P-256) and carol (RSA); no roots, no rules.
trust::TrustStore store_of_three();

/// 64 hexadecimal digits that differ for each number.
std::string sample_hex(unsigned number);

/// A role of that version; content makes the hash.
tuf::SeenRole seen_role(std::uint64_t version, unsigned content);

trust::HistoryRecord sample_record(const std::string& bundle_id);

/// A chain of samples/chains, proven: "dct-delegated" or "dct-rotated".
tuf::VerifiedChain sample_chain(const std::string& name);

}  // namespace gapstow::test

namespace gapstow::tuf {
inline bool operator==(const SeenRole& a, const SeenRole& b) { return a.version == b.version && a.sha256 == b.sha256; }
}  // namespace gapstow::tuf

namespace gapstow::trust {
bool operator==(const HistoryRecord::Image& a, const HistoryRecord::Image& b);
/// Equal but for the id.
bool operator==(const HistoryRecord& a, const HistoryRecord& b);
bool operator==(const TrustedSigner& a, const TrustedSigner& b);
bool operator==(const RootEntry& a, const RootEntry& b);
bool operator==(const Rule& a, const Rule& b);
bool operator==(const Operator& a, const Operator& b);
bool operator==(const TrustStore& a, const TrustStore& b);
}  // namespace gapstow::trust
