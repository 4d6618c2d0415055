// The signature behind a decision file.
#pragma once

#include <string>
#include <vector>

#include "gapstow/trust/store.h"
#include "snapshot_tables.h"

namespace gapstow::enforce {

/// The names of the operators with the right to do so who signed the body; at least one. Every signature has been
/// checked, and the body's size, hash and header are what they signed. Error{untrusted_key},
/// Error{signature_invalid}, Error{digest_mismatch}, Error{malformed}, Error{truncated}.
std::vector<std::string> prove_snapshot(const SnapshotParts& parts, const std::vector<trust::Operator>& operators);

}  // namespace gapstow::enforce
