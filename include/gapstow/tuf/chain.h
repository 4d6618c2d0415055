// A TUF chain: the files of one repository (GUN) as bytes, and the verdict on them.
//
// verify_chain() does no I/O and reads no clock. It proves everything that does not depend on time; lifetimes
// are returned as findings, for the policy to judge (trust/expiry.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"
#include "gapstow/tuf/delegations.h"
#include "gapstow/tuf/metadata.h"
#include "gapstow/tuf/pin.h"
#include "gapstow/tuf/proven.h"

namespace gapstow::tuf {

class Dialect;

/// The raw bytes of one chain, exactly as served.
struct ChainFiles {
  std::map<std::uint64_t, base::Bytes> roots;  ///< by version
  base::Bytes timestamp;
  base::Bytes snapshot;
  std::map<std::string, base::Bytes> targets;  ///< by role name: "targets", "targets/releases", …
};

/// A target and who vouches for it.
struct ProvenTarget {
  std::string name;
  Target target;
  std::string role;                          ///< which role answered
  std::vector<std::string> signed_by;        ///< key IDs that signed that role
  std::vector<std::string> differing_roles;  ///< other proven roles that name it with other content: reported
  std::vector<std::string> consulted;        ///< roles that the answer rests on: asked before, and the routes to them
};

/// The versions and hashes to remember, or remembered: role name -> version and SHA-256 of the raw bytes.
struct SeenRole {
  std::uint64_t version = 0;
  digest::Digest sha256;
};
using SeenRoles = std::map<std::string, SeenRole>;

/// Made by verify_chain() alone: every statement in it is proven from a pin.
class VerifiedChain {
 public:
  const std::string& gun() const { return gun_; }
  const std::string& dialect() const { return dialect_name_; }
  /// Root key sets met on the walk, oldest first, as SHA-256 hex over the sorted fingerprints. State is keyed by
  /// these: a repository made anew with other keys has other identities.
  const std::vector<std::string>& root_identities() const { return root_identities_; }
  /// Root first (the latest), then timestamp, snapshot, targets, delegations.
  const std::vector<ProvenRole>& roles() const { return roles_; }
  std::uint64_t first_root() const { return first_root_; }  ///< where the pin held
  /// SHA-256 of each root walked, by version.
  const std::map<std::uint64_t, digest::Digest>& root_history() const { return root_history_; }
  /// Of every proven role and of the final root's certificates.
  const std::vector<Lifetime>& lifetimes() const { return lifetimes_; }
  /// Only those that this answer rests on: a lapsed delegation that was not consulted does not matter to it.
  std::vector<Lifetime> lifetimes_for(const ProvenTarget& target) const;
  const std::string& pin() const { return pin_; }  ///< in words: "key ID 9586150e…"
  /// Roles that the snapshot lists and that the chain lacks (not needed for what was asked).
  const std::vector<std::string>& absent_roles() const { return absent_roles_; }
  /// Roles that the snapshot lists and the chain holds, but no proven delegation leads to: carried, never believed.
  const std::vector<std::string>& unreachable_roles() const { return unreachable_roles_; }
  const DelegationGraph& delegations() const { return graph_; }

  /// Looks a target up as the dialect demands. Error{target_missing} when no role that may answer names it,
  /// Error{chain_incomplete} when a role that would have to be asked first is absent.
  ProvenTarget find(const std::string& target_name) const;
  /// Every target with the role that answers for it.
  std::vector<ProvenTarget> all_targets() const;

  /// What the state should remember once an import has succeeded.
  SeenRoles seen() const;

 private:
  friend class ChainVerifier;
  VerifiedChain() = default;
  const ProvenRole& proof(const std::string& role) const;
  const Target* named_by(const Grant& grant, const std::string& name) const;
  void consult(const Grant& grant, std::vector<std::string>& consulted) const;
  std::optional<ProvenTarget> search(const std::string& name) const;

  const Dialect* dialect_ = nullptr;
  std::string gun_;
  std::string dialect_name_;
  std::string pin_;
  std::vector<std::string> root_identities_;
  std::vector<ProvenRole> roles_;
  std::unordered_map<std::string, std::size_t> role_index_;  ///< of "targets" and delegations in roles_
  std::uint64_t first_root_ = 0;
  std::map<std::uint64_t, digest::Digest> root_history_;
  std::vector<Lifetime> lifetimes_;
  std::vector<std::string> absent_roles_;
  std::vector<std::string> unreachable_roles_;
  DelegationGraph graph_;
};

/// Proves a chain from the pins for `gun`. `when` matters only for certificate authorities (validity of the CA
/// path). Throws Error with the class of the first check that fails, naming role and file.
VerifiedChain verify_chain(const ChainFiles& files, const Dialect& dialect, const std::string& gun,
                           const std::vector<RootPin>& pins, base::Time when);

/// Compares with what was seen before. Error{rollback} names role, version and the version seen;
/// Error{equivocation} when a version is the same and the bytes are not. A role that vanished from the snapshot
/// while an older one listed it is Error{rollback} too, unless every role that could delegate it is proven and none
/// does: then its removal is signed.
void check_against_seen(const VerifiedChain& chain, const SeenRoles& seen);

}  // namespace gapstow::tuf
