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
  std::vector<sign::Certificate> certificates{};  ///< of an x509 key: leaf first, then intermediates
  std::optional<sign::Scheme> scheme{};           ///< the one scheme that it signs by, where the key says it
  bool has_own_id = true;                         ///< the ID follows from the key; TUF lets files give it any other
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

/// Delegation to equal parts of all targets by the first bits of the SHA-256 of their names: 2^bits roles named
/// "<prefix>-<number>", the number in hexadecimal with leading zeros. All have the same keys.
struct Bins {
  RoleKeys keys;
  unsigned bits = 1;  ///< 1 to 32
  std::string prefix;
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
  std::optional<Bins> bins{};           ///< instead of delegations
};

/// One signature entry; `scheme` is empty when the method named is not known, or when it is the key that says it.
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
  std::vector<std::string> unsigned_members{};  ///< what stands beside them: see ProvenRole
};

}  // namespace gapstow::tuf
