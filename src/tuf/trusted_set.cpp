#include "gapstow/tuf/trusted_set.h"

#include <algorithm>
#include <set>

#include "file_meta.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "quorum.h"
#include "words.h"

namespace gapstow::tuf {
namespace {

using base::Error;
using base::ErrorCode;

template <typename Body>
Trusted<Body> trusted(std::string name, Signed<Body> file, base::ByteView raw, digest::Digest sha256,
                      const RoleKeys& role, std::vector<std::string> signed_by) {
  ProvenRole proof;
  proof.name = std::move(name);
  proof.version = file.body.version;
  proof.expires = file.body.expires;
  proof.length = raw.size();
  proof.sha256 = std::move(sha256);
  proof.threshold = role.threshold;
  proof.signed_by = std::move(signed_by);
  proof.unsigned_members = std::move(file.unsigned_members);
  return {std::move(file.body), std::move(proof)};
}

[[noreturn]] void out_of_order(const std::string& why) { throw Error(ErrorCode::internal, why); }

std::string root_name(std::uint64_t version) { return "root version " + std::to_string(version); }

/// The root as an electorate of one of its top roles.
Electorate electorate(const Trusted<Root>& root, RoleType type) {
  return {root.body.keys, root.body.roles.at(type), root_name(root.proof.version)};
}

const FileMeta& listed_meta(const Snapshot& snapshot, const std::string& role) {
  const auto found = snapshot.meta.find(role);
  if (found != snapshot.meta.end()) return found->second;
  throw Error(ErrorCode::role_invalid, "the snapshot does not list role " + quoted(role));
}

/// Error{rollback} unless versions that both name have not gone down.
void check_not_older(const FileMeta& now, const FileMeta& before, const std::string& what) {
  if (!now.version || !before.version || *now.version >= *before.version) return;
  throw Error(ErrorCode::rollback, what + " is promised in version " + std::to_string(*now.version) + ", version " +
                                       std::to_string(*before.version) + " was promised before");
}

void check_not_older(const Snapshot& now, const Snapshot& before) {
  if (now.version < before.version) {
    throw Error(ErrorCode::rollback,
                "version " + std::to_string(now.version) + " is older than version " + std::to_string(before.version));
  }
  for (const auto& [role, meta] : before.meta) {
    const auto still = now.meta.find(role);
    if (still == now.meta.end()) {
      throw Error(ErrorCode::rollback, "role " + quoted(role) + " was listed before and is listed no more");
    }
    check_not_older(still->second, meta, "role " + quoted(role));
  }
}

std::string identity(const Root& root) {
  std::set<std::string> fingerprints;
  for (const auto& id : root.roles.at(RoleType::root).key_ids) fingerprints.insert(root.keys.at(id).key.fingerprint());
  std::string text;
  for (const auto& fingerprint : fingerprints) text += fingerprint;
  return digest::sha256(base::as_bytes(text)).hex();
}

}  // namespace

TrustedSet TrustedSet::start(const Dialect& dialect, std::string gun, base::ByteView raw, const KeyFilter& counts,
                             const KeyMap& known) {
  TrustedSet set(dialect, std::move(gun));
  auto file = dialect.parse_root(raw, known);
  const auto by = root_name(file.body.version);
  base::with_context(by, [&] {
    const auto& role = file.body.roles.at(RoleType::root);
    auto signed_by =
        require_quorum(base::as_bytes(file.canonical), file.signatures, {file.body.keys, role, by}, counts);
    dialect.check_root(file.body, set.gun_);
    auto sha256 = digest::sha256(raw);
    set.adopt_root(trusted("root", std::move(file), raw, std::move(sha256), role, std::move(signed_by)), raw);
  });
  return set;
}

void TrustedSet::update_root(base::ByteView raw) {
  if (timestamp_) out_of_order("roots are updated before the timestamp");
  base::check_limit(root_history_.size() + 1, kMaxRootVersions, "versions of the root");
  const std::uint64_t next = root_.proof.version + 1;
  base::with_context(root_name(next), [&] {
    auto file = dialect_->parse_root(raw, root_.body.keys);
    if (file.body.version != next) {
      throw Error(ErrorCode::role_invalid,
                  "version " + std::to_string(file.body.version) + " where " + std::to_string(next) + " has to follow");
    }
    const auto canonical = base::as_bytes(file.canonical);
    const auto& role = file.body.roles.at(RoleType::root);
    require_quorum(canonical, file.signatures, electorate(root_, RoleType::root));
    auto signed_by = require_quorum(canonical, file.signatures, {file.body.keys, role, root_name(next)});
    dialect_->check_root(file.body, gun_);
    auto sha256 = digest::sha256(raw);
    adopt_root(trusted("root", std::move(file), raw, std::move(sha256), role, std::move(signed_by)), raw);
  });
}

void TrustedSet::adopt_root(Trusted<Root> root, base::ByteView raw) {
  auto kept = base::to_bytes(raw);
  auto identities = root_identities_;
  auto name = identity(root.body);
  if (std::ranges::find(identities, name) == identities.end()) identities.push_back(std::move(name));
  root_history_.emplace(root.proof.version, root.proof.sha256);
  root_identities_ = std::move(identities);
  root_raw_ = std::move(kept);
  root_ = std::move(root);
}

void TrustedSet::update_timestamp(base::ByteView raw) {
  if (snapshot_) out_of_order("the timestamp is updated before the snapshot");
  base::with_context("timestamp", [&] {
    auto file = dialect_->parse_timestamp(raw);
    const auto voters = electorate(root_, RoleType::timestamp);
    auto signed_by = require_quorum(base::as_bytes(file.canonical), file.signatures, voters);
    auto sha256 = digest::sha256(raw);
    if (timestamp_) {
      const ProvenRole& old = timestamp_->proof;
      if (file.body.version < old.version) {
        throw Error(ErrorCode::rollback, "version " + std::to_string(file.body.version) + " is older than version " +
                                             std::to_string(old.version));
      }
      if (file.body.version == old.version && sha256 != old.sha256) {
        throw Error(ErrorCode::equivocation, "two files of version " + std::to_string(old.version));
      }
      check_not_older(file.body.snapshot, timestamp_->body.snapshot, "the snapshot");
    }
    timestamp_ = trusted("timestamp", std::move(file), raw, std::move(sha256), voters.role, std::move(signed_by));
  });
}

void TrustedSet::recall_snapshot(base::ByteView raw) {
  if (snapshot_) out_of_order("an earlier snapshot is recalled before the snapshot");
  base::with_context("earlier snapshot", [&] {
    base::check_limit(raw.size(), kMaxSnapshotBytes, "size of the file");
    auto file = dialect_->parse_snapshot(raw);
    require_quorum(base::as_bytes(file.canonical), file.signatures, electorate(root_, RoleType::snapshot));
    recalled_snapshot_ = std::move(file.body);
  });
}

void TrustedSet::update_snapshot(base::ByteView raw) {
  if (!timestamp_) out_of_order("the snapshot needs a timestamp");
  if (snapshot_) out_of_order("there is a snapshot already");
  base::with_context("snapshot", [&] {
    base::check_limit(raw.size(), kMaxSnapshotBytes, "size of the file");
    auto sha256 = digest::sha256(raw);
    const FileMeta& promised = timestamp_->body.snapshot;
    check_bytes(promised, raw, sha256);
    auto file = dialect_->parse_snapshot(raw);
    check_version(promised, file.body.version);
    const auto voters = electorate(root_, RoleType::snapshot);
    auto signed_by = require_quorum(base::as_bytes(file.canonical), file.signatures, voters);
    if (recalled_snapshot_) check_not_older(file.body, *recalled_snapshot_);
    if (dialect_->snapshot_lists_root()) {
      base::with_context("entry of the root",
                         [&] { check_bytes(listed_meta(file.body, "root"), root_raw_, root_.proof.sha256); });
    }
    snapshot_ = trusted("snapshot", std::move(file), raw, std::move(sha256), voters.role, std::move(signed_by));
  });
}

Trusted<Targets> TrustedSet::prove_targets(const std::string& role, base::ByteView raw, const KeyMap& keys,
                                           const RoleKeys& role_keys) const {
  base::check_limit(raw.size(), kMaxTargetsBytes, "size of the file");
  auto sha256 = digest::sha256(raw);
  const FileMeta& promised = listed_meta(snapshot_->body, role);
  check_bytes(promised, raw, sha256);
  auto file = dialect_->parse_targets(raw, role);
  check_version(promised, file.body.version);
  auto signed_by = require_quorum(base::as_bytes(file.canonical), file.signatures, {keys, role_keys, role});
  return trusted(role, std::move(file), raw, std::move(sha256), role_keys, std::move(signed_by));
}

void TrustedSet::update_targets(base::ByteView raw) {
  if (!snapshot_) out_of_order("targets need a snapshot");
  if (!targets_.empty()) out_of_order("there are targets already");
  const std::string role(kTopRole);
  base::with_context(role, [&] {
    const auto voters = electorate(root_, RoleType::targets);
    targets_.emplace(role, prove_targets(role, raw, voters.keys, voters.role));
  });
}

void TrustedSet::update_delegation(const std::string& delegator, std::size_t index, base::ByteView raw) {
  const auto parent = targets_.find(delegator);
  if (parent == targets_.end()) out_of_order("role " + quoted(delegator) + " is not trusted to delegate");
  const Delegation delegation = delegation_at(parent->second.body, index);
  base::with_context(delegation.name, [&] {
    auto proven = prove_targets(delegation.name, raw, parent->second.body.keys, delegation.keys);
    const auto known = targets_.find(delegation.name);
    if (known == targets_.end()) {
      targets_.emplace(delegation.name, std::move(proven));
    } else if (known->second.proof.sha256 != proven.proof.sha256) {
      // What other keys have signed must not speak by the leave of this delegation.
      throw Error(ErrorCode::equivocation, "two files of version " + std::to_string(proven.proof.version));
    }
  });
}

void TrustedSet::check_listed_bytes(const std::string& role, base::ByteView raw) const {
  if (!snapshot_) out_of_order("targets need a snapshot");
  base::with_context(role, [&] {
    base::check_limit(raw.size(), kMaxTargetsBytes, "size of the file");
    check_bytes(listed_meta(snapshot_->body, role), raw, digest::sha256(raw));
  });
}

}  // namespace gapstow::tuf
