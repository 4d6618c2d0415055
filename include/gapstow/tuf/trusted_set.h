// TrustedSet: the metadata of one repository that has been proven, as a machine that takes one file after another.
//
// Order: roots (each one version higher), timestamp, snapshot, targets, delegations. Every update checks all before it
// changes anything; one that throws leaves the set as it was. No I/O, no clock: lifetimes are the caller's to judge.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/metadata.h"
#include "gapstow/tuf/proven.h"

namespace gapstow::tuf {

/// A body that was proven, and the proof.
template <typename Body>
struct Trusted {
  Body body;
  ProvenRole proof;
};

class TrustedSet {
 public:
  using KeyFilter = std::function<bool(const Key&)>;

  /// Begins with a root that must follow the dialect's rules and meet its own threshold; only signatures by keys
  /// that `counts` lets through count. Throws as update_root(). `known`: see Dialect::parse_root().
  static TrustedSet start(const Dialect& dialect, std::string gun, base::ByteView root, const KeyFilter& counts,
                          const KeyMap& known = {});

  /// The next root: exactly one version higher, signed by a quorum of the trusted root's keys and of its own.
  /// Allowed until there is a timestamp (Error{internal} after that, here and below where the order is broken).
  void update_root(base::ByteView raw);
  /// A timestamp; a second one may not be older or name an older snapshot (Error{rollback}), nor differ in the same
  /// version (Error{equivocation}). Allowed until there is a snapshot.
  void update_timestamp(base::ByteView raw);
  /// A snapshot of an earlier update, signed by today's keys. It becomes trusted in no way: update_snapshot() refuses
  /// what is older than it or than what it lists. Allowed until there is a snapshot.
  void recall_snapshot(base::ByteView raw);
  /// The snapshot that the timestamp names. Error{rollback} when a recalled one is newer, lists a newer version of a
  /// role, or one that is not listed any more.
  void update_snapshot(base::ByteView raw);
  /// The role "targets" as the snapshot names it.
  void update_targets(base::ByteView raw);
  /// The role of the `index`-th delegation (see delegation_at()) of the trusted role `delegator`, as the snapshot names
  /// it. A role that is
  /// trusted by another delegation already is proven once more, by the keys of this one; other bytes than before are
  /// Error{equivocation}.
  void update_delegation(const std::string& delegator, std::size_t index, base::ByteView raw);
  /// Only that the bytes are those that the snapshot promises for `role`; nothing is trusted by it.
  void check_listed_bytes(const std::string& role, base::ByteView raw) const;

  const Dialect& dialect() const { return *dialect_; }
  const std::string& gun() const { return gun_; }
  const Trusted<Root>& root() const { return root_; }
  const std::optional<Trusted<Timestamp>>& timestamp() const { return timestamp_; }
  const std::optional<Trusted<Snapshot>>& snapshot() const { return snapshot_; }
  /// "targets" and delegated roles, by name.
  const std::map<std::string, Trusted<Targets>>& targets() const { return targets_; }
  /// SHA-256 of each root trusted so far, by version.
  const std::map<std::uint64_t, digest::Digest>& root_history() const { return root_history_; }
  /// Root key sets met, oldest first, each once: SHA-256 hex over the sorted fingerprints.
  const std::vector<std::string>& root_identities() const { return root_identities_; }

  /// Hands the targets over; the set is used up.
  std::map<std::string, Trusted<Targets>> take_targets() && { return std::move(targets_); }

 private:
  TrustedSet(const Dialect& dialect, std::string gun) : dialect_(&dialect), gun_(std::move(gun)) {}
  void adopt_root(Trusted<Root> root, base::ByteView raw);
  Trusted<Targets> prove_targets(const std::string& role, base::ByteView raw, const KeyMap& keys,
                                 const RoleKeys& role_keys) const;

  const Dialect* dialect_;
  std::string gun_;
  Trusted<Root> root_;
  base::Bytes root_raw_;
  std::map<std::uint64_t, digest::Digest> root_history_;
  std::vector<std::string> root_identities_;
  std::optional<Trusted<Timestamp>> timestamp_;
  std::optional<Snapshot> recalled_snapshot_;
  std::optional<Trusted<Snapshot>> snapshot_;
  std::map<std::string, Trusted<Targets>> targets_;
};

}  // namespace gapstow::tuf
