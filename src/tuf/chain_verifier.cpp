#include "chain_verifier.h"

#include <algorithm>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/tuf/dialect.h"
#include "root_start.h"
#include "words.h"

namespace gapstow::tuf {
namespace {

using base::Error;
using base::ErrorCode;

[[noreturn]] void missing(const std::string& what) {
  throw Error(ErrorCode::chain_incomplete, what + " is missing from the chain");
}

void check_amounts(const ChainFiles& files) {
  base::check_limit(files.roots.size(), kMaxRootVersions, "versions of the root");
  base::check_limit(files.targets.size(), kMaxRoles, "roles of the chain");
  if (files.timestamp.empty()) missing("the timestamp");
  if (files.snapshot.empty()) missing("the snapshot");
  if (!files.targets.contains(std::string(kTopRole))) missing("role targets");
}

}  // namespace

void ChainVerifier::walk_roots() {
  if (files_.roots.empty()) return;
  const std::uint64_t first = set_.root().proof.version;
  const std::uint64_t last = files_.roots.rbegin()->first;
  for (std::uint64_t version = first + 1; version <= last; ++version) {
    const auto next = files_.roots.find(version);
    if (next == files_.roots.end()) {
      throw Error(ErrorCode::chain_incomplete, "root version " + std::to_string(version) +
                                                   " is missing; every version from " + std::to_string(first) +
                                                   " (pinned) to " + std::to_string(last) + " is needed");
    }
    set_.update_root(next->second);
  }
}

/// Children are pushed in reverse, so that they are taken in order.
void ChainVerifier::push_children(std::size_t grant) {
  const std::string role = graph_.grants()[grant].role;
  const Targets& body = set_.targets().at(role).body;
  if (body.bins) return push_bins(*body.bins, role, grant);
  for (std::size_t i = body.delegations.size(); i > 0; --i) pending_.push_back({role, i - 1, grant});
}

/// There may be 2^32 bins: only those that are published are walked, one grant stands for the others.
void ChainVerifier::push_bins(const Bins& bins, const std::string& role, std::size_t grant) {
  const auto& listed = set_.snapshot()->body.meta;
  const std::size_t before = pending_.size();
  for (auto at = listed.lower_bound(bins.prefix); at != listed.end() && at->first.starts_with(bins.prefix); ++at) {
    if (const auto index = bin_named(bins, at->first)) pending_.push_back({role, *index, grant});
  }
  std::reverse(pending_.begin() + static_cast<std::ptrdiff_t>(before), pending_.end());
  graph_.add_other_bins({bins.prefix + "-*", role, {}, graph_.grants()[grant].depth + 1, false});
}

void ChainVerifier::walk_delegations() {
  const std::string top(kTopRole);
  set_.update_targets(files_.targets.at(top));
  order_.push_back(top);
  push_children(graph_.add({top, {}, {}, 0, true}));
  while (!pending_.empty()) {
    const Pending next = std::move(pending_.back());
    pending_.pop_back();
    take_grant(next.delegator, next.index, Grant(graph_.grants()[next.parent]));
  }
}

void ChainVerifier::take_grant(const std::string& delegator, std::size_t index, const Grant& parent) {
  const Delegation delegation = delegation_at(set_.targets().at(delegator).body, index);
  const Dialect& dialect = set_.dialect();
  const bool is_listed = set_.snapshot()->body.meta.contains(delegation.name);
  if (!is_listed && dialect.unlisted_is_unpublished()) return;
  base::check_limit(parent.depth + 1, kMaxDelegationDepth, "depth of delegation");
  base::check_limit(graph_.grants().size() + 1, kMaxRoles, "delegations of the chain");

  const Delegation* above = parent.delegator.empty() ? nullptr : &parent.terms;
  const auto file = files_.targets.find(delegation.name);
  const bool present = is_listed && file != files_.targets.end();
  const bool is_new = !set_.targets().contains(delegation.name);
  const std::size_t grant =
      graph_.add({delegation.name, delegator, dialect.narrow(above, delegation), parent.depth + 1, present});
  if (!present) return;
  set_.update_delegation(delegator, index, file->second);
  if (!is_new) return;
  order_.push_back(graph_.grants()[grant].role);
  push_children(grant);
}

/// What no delegation leads to: listed files must be the listed bytes, and nothing may be there that is not listed.
void ChainVerifier::check_leftovers() {
  for (const auto& [role, raw] : files_.targets) {
    if (set_.targets().contains(role)) continue;
    set_.check_listed_bytes(role, raw);
    unreachable_.push_back(role);
  }
  for (const auto& [role, meta] : set_.snapshot()->body.meta) {
    if (role != "root" && !files_.targets.contains(role)) absent_.push_back(role);
  }
}

void ChainVerifier::add_roles(VerifiedChain& chain) const {
  chain.roles_ = {set_.root().proof, set_.timestamp()->proof, set_.snapshot()->proof};
  for (const auto& role : order_) {
    chain.role_index_.emplace(role, chain.roles_.size());
    chain.roles_.push_back(set_.targets().at(role).proof);
  }
}

void ChainVerifier::add_lifetimes(VerifiedChain& chain) const {
  for (const auto& role : chain.roles_) chain.lifetimes_.push_back({role.name, std::nullopt, role.expires});
  const Root& root = set_.root().body;
  for (const auto& id : root.roles.at(RoleType::root).key_ids) {
    const auto& certificates = root.keys.at(id).certificates;
    if (certificates.empty()) continue;
    const auto& leaf = certificates.front();
    chain.lifetimes_.push_back({std::string(kRootCertificate), leaf.not_before(), leaf.not_after()});
  }
}

VerifiedChain ChainVerifier::run(std::string pin, std::uint64_t first_root) {
  walk_roots();
  set_.update_timestamp(files_.timestamp);
  set_.update_snapshot(files_.snapshot);
  walk_delegations();
  check_leftovers();

  VerifiedChain chain;
  chain.dialect_ = &set_.dialect();
  chain.dialect_name_ = set_.dialect().name();
  chain.gun_ = set_.gun();
  chain.pin_ = std::move(pin);
  chain.first_root_ = first_root;
  chain.root_identities_ = set_.root_identities();
  chain.root_history_ = set_.root_history();
  chain.absent_roles_ = std::move(absent_);
  chain.unreachable_roles_ = std::move(unreachable_);
  add_roles(chain);
  add_lifetimes(chain);
  auto targets = std::move(set_).take_targets();
  for (auto& [role, trusted] : targets) graph_.set_targets(role, std::move(trusted.body));
  chain.graph_ = std::move(graph_);
  return chain;
}

VerifiedChain verify_chain(const ChainFiles& files, const Dialect& dialect, const std::string& gun,
                           const std::vector<RootPin>& pins, base::Time when) {
  check_amounts(files);
  auto start = choose_start(files, dialect, gun, pins, when);
  const std::uint64_t first = start.set.root().proof.version;
  return ChainVerifier(files, std::move(start.set)).run(std::move(start.pin), first);
}

}  // namespace gapstow::tuf
