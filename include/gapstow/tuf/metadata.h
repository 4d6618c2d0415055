// TUF metadata as values, the same for both dialects. Sources: TUF specification 1.0.34; notaryproject/notary 0.7.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"
#include "gapstow/sign/certificate.h"
#include "gapstow/sign/public_key.h"

namespace gapstow::tuf {

enum class RoleType { root, timestamp, snapshot, targets };

/// A key as metadata names it. `id` is what `signatures` refer to; identity is the fingerprint of `key`.
struct Key {
  std::string id;
  sign::PublicKey key;
  std::vector<sign::Certificate> certificates;  ///< of an x509 key: leaf first, then intermediates
};

using KeyMap = std::map<std::string, Key>;  ///< by ID

/// Which keys may sign a role, and how many distinct ones must.
struct RoleKeys {
  std::vector<std::string> key_ids;
  unsigned threshold = 1;
};

/// What one file says of another. Hashes are of algorithms that are known; at least one where any is demanded.
struct FileMeta {
  std::optional<std::uint64_t> version;
  std::optional<std::uint64_t> length;
  std::vector<digest::Digest> hashes;
};

struct Target {
  std::uint64_t length = 0;
  std::vector<digest::Digest> hashes;
  bool operator==(const Target&) const = default;
};

struct Delegation {
  std::string name;
  RoleKeys keys;
  bool terminating = false;
  std::vector<std::string> paths;          ///< prefixes (Notary v1) or globs (TUF)
  std::vector<std::string> hash_prefixes;  ///< TUF only
};

/// What every role has.
struct Common {
  std::uint64_t version = 0;
  base::Time expires;
};

struct Root : Common {
  bool consistent_snapshot = false;
  KeyMap keys;                         ///< those that a role names
  std::map<RoleType, RoleKeys> roles;  ///< exactly the four
};

struct Timestamp : Common {
  FileMeta snapshot;
};

struct Snapshot : Common {
  std::map<std::string, FileMeta> meta;  ///< by role name, without ".json"
};

struct Targets : Common {
  std::map<std::string, Target> targets;
  KeyMap keys;                          ///< those that a delegation names
  std::vector<Delegation> delegations;  ///< in order of priority
};

/// One signature entry; `scheme` is empty when the dialect does not know the method named.
struct Signature {
  std::string key_id;
  std::optional<sign::Scheme> scheme;
  base::Bytes value;
};

/// A parsed file: the body, the canonical bytes that its signatures cover, and the signatures, none of them checked.
template <typename Body>
struct Signed {
  Body body;
  std::string canonical;
  std::vector<Signature> signatures;
};

}  // namespace gapstow::tuf
