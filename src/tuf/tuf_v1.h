// TUF 1.0: the parts of the dialect. Source: TUF specification 1.0.34.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/json/cursor.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::tuf::v1 {

/// Those keys of the object {id: key} that are in `needed`. Keys of kinds and schemes that nobody here knows are left
/// out: they cannot count, and others may. IDs are taken as they stand; a key is what its value is.
KeyMap read_keys(const json::Cursor& keys, const std::set<std::string>& needed);

/// Shell pattern: '*' and '?' do not match '/', "[a-c]" and "[!a-c]" stand for one character. Case matters.
bool matches_pattern(std::string_view pattern, std::string_view path);

/// A target's name and its hash, which is computed when it is asked for.
class TargetPath {
 public:
  explicit TargetPath(const std::string& name) : name_(name) {}
  const std::string& name() const { return name_; }
  const std::string& sha256_hex() const;

 private:
  const std::string& name_;
  mutable std::string sha256_hex_;
};

/// Whether the delegation's patterns or hash prefixes let its role speak of the target.
bool allows(const Delegation& terms, const TargetPath& target);

/// A file's name for a role of any name: small letters, digits, "-", "_" and "." stand for themselves, the rest as %XX;
/// for long names the SHA-256.
std::string safe_name(std::string_view role);

/// Where to go on from a role: its delegations that match, in order, up to the first that is terminating.
struct NextRoles {
  std::vector<std::size_t> indices;  ///< for delegation_at()
  bool terminating = false;          ///< nothing else that was still to be asked is asked
};
NextRoles next_roles(const Targets& targets, const TargetPath& target);

Signed<Root> parse_root(base::ByteView raw);
Signed<Timestamp> parse_timestamp(base::ByteView raw);
Signed<Snapshot> parse_snapshot(base::ByteView raw);
Signed<Targets> parse_targets(base::ByteView raw);

}  // namespace gapstow::tuf::v1
