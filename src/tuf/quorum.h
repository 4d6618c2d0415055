// Counting signatures: which distinct keys of a role have signed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/tuf/metadata.h"

namespace gapstow::tuf {

/// Whose signatures are asked for.
struct Electorate {
  const KeyMap& keys;
  const RoleKeys& role;
  std::string by;  ///< for messages: "root version 3", "targets"
};

/// What the signatures of one file amount to.
struct Count {
  std::vector<std::string> signed_by;  ///< key IDs that count, one for each distinct key
  std::vector<std::string> bad;        ///< key IDs of the role whose signature does not verify
};

/// Counts distinct public keys of the role with a good signature. Signatures by other keys and by unknown methods are
/// passed over; `counts` may leave out further keys.
Count count_signatures(base::ByteView canonical, const std::vector<Signature>& signatures, const Electorate& electorate,
                       const std::function<bool(const Key&)>& counts = {});

/// The key IDs that count. Error{signature_invalid} or Error{threshold_unmet} when they are fewer than the threshold.
std::vector<std::string> require_quorum(base::ByteView canonical, const std::vector<Signature>& signatures,
                                        const Electorate& electorate,
                                        const std::function<bool(const Key&)>& counts = {});

/// Throws what require_quorum() throws for that count.
[[noreturn]] void fail_quorum(const Count& count, const Electorate& electorate);

/// Error{role_invalid} unless each key is defined and named once, and the threshold can be met by distinct keys.
void check_role_keys(const RoleKeys& role, const KeyMap& keys);

/// Error{role_invalid} when two signatures name the same key ID.
void check_signature_list(const std::vector<Signature>& signatures);

}  // namespace gapstow::tuf
