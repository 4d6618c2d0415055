#include "gapstow/tuf/updater.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "file_meta.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/tuf/served.h"
#include "tuf_v1.h"
#include "words.h"

namespace gapstow::tuf {
namespace {

using base::Error;
using base::ErrorCode;

const std::string kRoot = "root";
const std::string kTimestamp = "timestamp";
const std::string kSnapshot = "snapshot";
const std::string kTargets(kTopRole);

bool any_key(const Key&) { return true; }

/// Whose signatures a role of the root needs: fingerprints of its keys.
std::set<std::string> voters(const Root& root, RoleType type) {
  std::set<std::string> fingerprints;
  for (const auto& id : root.roles.at(type).key_ids) fingerprints.insert(root.keys.at(id).key.fingerprint());
  return fingerprints;
}

/// Whether a key may sign the role no more. A further key is no reason to forget what the others have signed.
bool has_lost_voters(const Root& before, const Root& after, RoleType type) {
  const auto remaining = voters(after, type);
  return !std::ranges::includes(remaining, voters(before, type));
}

/// Whether what is stored is still good; if it is not, it is as if nothing were stored.
template <typename Take>
bool takes_stored(const std::optional<base::Bytes>& stored, const Take& take) {
  if (!stored) return false;
  try {
    take(*stored);
    return true;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::internal) throw;
    return false;
  }
}

[[noreturn]] void not_served(const std::string& file) {
  throw Error(ErrorCode::chain_incomplete, file + " is not there",
              "the repository is incomplete, or it is not at this address");
}

}  // namespace

void check_target_bytes(const FoundTarget& found, base::ByteView bytes) {
  base::with_context("target " + quoted(found.name), [&] {
    if (found.target.hashes.empty()) throw Error(ErrorCode::internal, "a target without hashes");
    check_bytes({std::nullopt, found.target.length, found.target.hashes}, bytes, digest::sha256(bytes));
  });
}

void Updater::init(MetadataStore& store, base::ByteView root) {
  base::with_context("trusted root", [&] { TrustedSet::start(tuf_v1(), {}, root, any_key); });
  store.write(kRoot, root);
}

void Updater::refresh() {
  refreshed_ = false;
  const auto root = store_.read(kRoot);
  if (!root) {
    throw Error(ErrorCode::not_found, "no trusted root is stored", "start with a root that is trusted beforehand");
  }
  set_ = base::with_context("stored root", [&] { return TrustedSet::start(tuf_v1(), {}, *root, any_key); });
  walk_roots();
  require_current(set_->root().proof);
  take_timestamp();
  take_snapshot();
  take_targets();
  refreshed_ = true;
}

/// When the repository has more versions than one update may take, the next update goes on.
void Updater::walk_roots() {
  for (std::size_t round = 1; round < kMaxRootVersions; ++round) {
    const std::string file = metadata_file(kRoot, set_->root().proof.version + 1);
    const auto raw = base::with_context(file, [&] { return fetcher_.fetch(file, kMaxRootBytes); });
    if (!raw) return;
    take_next_root(*raw);
  }
}

/// Where keys of the timestamp or the snapshot were withdrawn, they may have signed too high versions: what is stored
/// is forgotten, before the root that says so is stored.
void Updater::take_next_root(base::ByteView raw) {
  const Root before = set_->root().body;
  set_->update_root(raw);
  const Root& after = set_->root().body;
  if (has_lost_voters(before, after, RoleType::timestamp) || has_lost_voters(before, after, RoleType::snapshot)) {
    store_.remove(kTimestamp);
    store_.remove(kSnapshot);
  }
  store_.write(kRoot, raw);
}

void Updater::take_timestamp() {
  const auto stored = store_.read(kTimestamp);
  takes_stored(stored, [&](base::ByteView raw) { set_->update_timestamp(raw); });
  const std::string file = metadata_file(kTimestamp, std::nullopt);
  const auto raw = base::with_context(file, [&] { return fetcher_.fetch(file, kMaxTimestampBytes); });
  if (!raw) not_served(file);
  bool is_new = true;
  try {
    set_->update_timestamp(*raw);
  } catch (const Error& error) {
    // The specification discards a file of the version that is trusted already, whatever it says.
    if (error.code() != ErrorCode::equivocation) throw;
    is_new = false;
  }
  require_current(set_->timestamp()->proof);
  if (is_new) store_.write(kTimestamp, *raw);
}

/// Also what no longer fits the timestamp says which versions have been seen.
bool Updater::take_stored_snapshot() {
  const auto stored = store_.read(kSnapshot);
  return takes_stored(stored, [&](base::ByteView raw) {
    set_->recall_snapshot(raw);
    set_->update_snapshot(raw);
  });
}

void Updater::take_snapshot() {
  if (take_stored_snapshot()) return require_current(set_->snapshot()->proof);
  const auto raw = fetch(kSnapshot, set_->timestamp()->body.snapshot, kMaxSnapshotBytes);
  set_->update_snapshot(raw);
  require_current(set_->snapshot()->proof);
  store_.write(kSnapshot, raw);
}

void Updater::take_targets() {
  const auto take = [&](base::ByteView raw) { set_->update_targets(raw); };
  const bool is_stored = takes_stored(store_.read(kTargets), take);
  if (is_stored) return require_current(set_->targets().at(kTargets).proof);
  const auto raw = fetch(kTargets, promised(kTargets), kMaxTargetsBytes);
  take(raw);
  require_current(set_->targets().at(kTargets).proof);
  store_.write(kTargets, raw);
}

/// A role that is trusted already is proven by this delegation's keys as well.
void Updater::take_delegation(const std::string& delegator, std::size_t index) {
  const std::string role = delegation_at(set_->targets().at(delegator).body, index).name;
  const FileMeta& meta = promised(role);
  const auto take = [&](base::ByteView raw) { set_->update_delegation(delegator, index, raw); };
  const bool is_stored = takes_stored(store_.read(role), take);
  if (is_stored) return require_current(set_->targets().at(role).proof);
  const auto raw = fetch(role, meta, kMaxTargetsBytes);
  take(raw);
  require_current(set_->targets().at(role).proof);
  store_.write(role, raw);
}

const FileMeta& Updater::promised(const std::string& role) const {
  const auto& listed = set_->snapshot()->body.meta;
  const auto found = listed.find(role);
  if (found != listed.end()) return found->second;
  throw Error(ErrorCode::chain_incomplete, "the snapshot does not list role " + quoted(role));
}

base::Bytes Updater::fetch(const std::string& role, const FileMeta& promised, std::uint64_t limit) {
  const bool by_version = set_->root().body.consistent_snapshot;
  const std::string file = metadata_file(role, by_version ? promised.version : std::nullopt);
  auto raw =
      base::with_context(file, [&] { return fetcher_.fetch(file, std::min(limit, promised.length.value_or(limit))); });
  if (!raw) not_served(file);
  return *std::move(raw);
}

void Updater::require_current(const ProvenRole& role) const {
  if (now_ < role.expires) return;
  throw Error(ErrorCode::expired, "role " + quoted(role.name) + " version " + std::to_string(role.version) +
                                      " expired at " + base::format_time(role.expires));
}

FoundTarget Updater::find(const std::string& target) {
  if (!refreshed_) refresh();
  const v1::TargetPath path(target);
  struct Step {
    std::string role;
    std::string delegator;
    std::size_t index = 0;
  };
  std::vector<Step> pending{{kTargets, {}, 0}};
  std::set<std::string> visited;
  while (!pending.empty()) {
    const Step step = std::move(pending.back());
    pending.pop_back();
    if (visited.contains(step.role)) continue;
    base::check_limit(visited.size(), kMaxVisitedRoles, "delegated roles asked for target " + quoted(target));
    if (!step.delegator.empty()) take_delegation(step.delegator, step.index);
    visited.insert(step.role);
    const Targets& said = set_->targets().at(step.role).body;
    const auto entry = said.targets.find(target);
    if (entry != said.targets.end()) return {target, entry->second, step.role};
    const auto next = v1::next_roles(said, path);
    if (next.terminating) pending.clear();
    for (auto at = next.indices.rbegin(); at != next.indices.rend(); ++at) {
      pending.push_back({delegation_at(said, *at).name, step.role, *at});
    }
  }
  throw Error(ErrorCode::target_missing, "no role that may speak of it names target " + quoted(target));
}

std::vector<std::string> Updater::files_of(const FoundTarget& found) const {
  return target_files(found.name, found.target, set_ && set_->root().body.consistent_snapshot);
}

}  // namespace gapstow::tuf
