// What the files of a chain claim, without any proof: for display, never for decisions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::tuf {

struct ClaimedKey {
  std::string id;
  std::string canonical_id;      ///< the ID that `docker trust inspect` shows
  std::string type;              ///< "ecdsa-p256", "ed25519", …
  std::string fingerprint;       ///< SHA-256 of the SubjectPublicKeyInfo
  std::string certificate_name;  ///< common name of an x509 key, else empty
  std::optional<base::Time> certificate_until;
};

/// One file. With a `problem` (why it cannot be read) only name, length and sha256 hold.
struct ClaimedRole {
  std::string name;
  std::uint64_t version = 0;
  base::Time expires;
  std::uint64_t length = 0;
  digest::Digest sha256;
  std::vector<std::string> signed_by;  ///< key IDs that its signatures name
  std::string problem;
};

/// Who may sign what, by one file's account.
struct ClaimedGrant {
  std::string role;
  std::string delegator;  ///< "root" for the four top roles
  unsigned threshold = 1;
  std::vector<ClaimedKey> keys;
  std::vector<std::string> paths;
};

struct ClaimedRoot {
  ClaimedRole file;
  std::vector<ClaimedGrant> grants;  ///< root, timestamp, snapshot, targets
};

struct ClaimedTarget {
  std::string name;
  std::string role;
  Target target;
};

struct ClaimedChain {
  std::vector<ClaimedRoot> roots;         ///< by version of the file name
  std::vector<ClaimedRole> roles;         ///< timestamp, snapshot, targets, delegations by name
  std::vector<std::string> listed_roles;  ///< by the snapshot
  std::vector<ClaimedGrant> delegations;
  std::vector<ClaimedTarget> targets;  ///< by role, then name
};

/// Never throws for what the files hold; each problem stands at its file.
ClaimedChain inspect_chain(const ChainFiles& files, const Dialect& dialect);

}  // namespace gapstow::tuf
