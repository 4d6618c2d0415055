// Questions to a chain that has been proven.
#include "gapstow/tuf/chain.h"

#include <algorithm>
#include <set>

#include "gapstow/base/error.h"
#include "gapstow/tuf/dialect.h"
#include "words.h"

namespace gapstow::tuf {
namespace {

using base::Error;
using base::ErrorCode;

/// Lengths are equal, and the hashes of each algorithm that both name. Without a common algorithm they differ.
bool is_same_content(const Target& a, const Target& b) {
  if (a.length != b.length) return false;
  bool compared = false;
  for (const auto& hash : a.hashes) {
    const auto other = std::ranges::find(b.hashes, hash.algorithm(), &digest::Digest::algorithm);
    if (other == b.hashes.end()) continue;
    if (*other != hash) return false;
    compared = true;
  }
  return compared;
}

}  // namespace

const ProvenRole& VerifiedChain::proof(const std::string& role) const { return roles_[role_index_.at(role)]; }

/// The entry by which a grant speaks of a target, or nullptr.
const Target* VerifiedChain::named_by(const Grant& grant, const std::string& name) const {
  const Targets* said = graph_.targets(grant.role);
  if (said == nullptr) return nullptr;
  const auto entry = said->targets.find(name);
  if (entry == said->targets.end()) return nullptr;
  return grant.delegator.empty() || dialect_->may_name(grant.terms, name) ? &entry->second : nullptr;
}

/// Adds a role and those that delegate to it, from the top.
void VerifiedChain::consult(const Grant& grant, std::vector<std::string>& consulted) const {
  std::vector<std::string> route;
  const Grant* at = &grant;
  for (unsigned depth = 0; depth <= kMaxDelegationDepth; ++depth) {
    route.push_back(at->role);
    if (at->delegator.empty()) break;
    at = &graph_.grants()[*graph_.find_grant(at->delegator)];
  }
  for (auto role = route.rbegin(); role != route.rend(); ++role) {
    if (std::ranges::find(consulted, *role) == consulted.end()) consulted.push_back(*role);
  }
}

/// The answer of the first role in the dialect's order that names the target, differing roles not yet filled in.
std::optional<ProvenTarget> VerifiedChain::search(const std::string& name) const {
  std::vector<std::string> consulted;
  for (const std::size_t index : dialect_->search_order(graph_, name)) {
    const Grant& grant = graph_.grants()[index];
    if (!grant.present) {
      throw Error(ErrorCode::chain_incomplete,
                  "role " + grant.role + " has to be asked for target " + quoted(name) + " and the chain lacks it",
                  "capture the chain again with all delegated roles");
    }
    consult(grant, consulted);
    const Target* entry = named_by(grant, name);
    if (entry == nullptr) continue;
    return ProvenTarget{name, *entry, grant.role, proof(grant.role).signed_by, {}, std::move(consulted)};
  }
  return std::nullopt;
}

ProvenTarget VerifiedChain::find(const std::string& target_name) const {
  auto found = search(target_name);
  std::vector<std::string> elsewhere;
  for (const auto& grant : graph_.grants()) {
    const Target* entry = named_by(grant, target_name);
    if (entry == nullptr) continue;
    if (!found) {
      elsewhere.push_back(grant.role);
    } else if (grant.role != found->role && !is_same_content(*entry, found->target)) {
      found->differing_roles.push_back(grant.role);
    }
  }
  if (found) return *std::move(found);
  if (elsewhere.empty()) {
    throw Error(ErrorCode::target_missing, "the chain of " + quoted(gun_) + " signs no target " + quoted(target_name));
  }
  throw Error(ErrorCode::target_missing, "target " + quoted(target_name) + " of " + quoted(gun_) +
                                             " is signed only by " + listed(elsewhere) +
                                             ", which may not answer for it");
}

std::vector<ProvenTarget> VerifiedChain::all_targets() const {
  std::map<std::string_view, std::vector<std::pair<const Grant*, const Target*>>> namers;
  for (const auto& grant : graph_.grants()) {
    const Targets* said = graph_.targets(grant.role);
    if (said == nullptr) continue;
    for (const auto& [name, target] : said->targets) {
      if (grant.delegator.empty() || dialect_->may_name(grant.terms, name)) namers[name].emplace_back(&grant, &target);
    }
  }
  std::vector<ProvenTarget> all;
  all.reserve(namers.size());
  for (const auto& [name, entries] : namers) {
    auto found = search(std::string(name));
    if (!found) continue;
    for (const auto& [grant, target] : entries) {
      if (grant->role != found->role && !is_same_content(*target, found->target)) {
        found->differing_roles.push_back(grant->role);
      }
    }
    all.push_back(*std::move(found));
  }
  return all;
}

std::vector<Lifetime> VerifiedChain::lifetimes_for(const ProvenTarget& target) const {
  std::vector<Lifetime> relevant;
  for (const auto& lifetime : lifetimes_) {
    const bool is_delegation = lifetime.what != kTopRole && role_index_.contains(lifetime.what);
    if (!is_delegation || std::ranges::find(target.consulted, lifetime.what) != target.consulted.end()) {
      relevant.push_back(lifetime);
    }
  }
  return relevant;
}

SeenRoles VerifiedChain::seen() const {
  SeenRoles seen;
  for (const auto& role : roles_) seen.emplace(role.name, SeenRole{role.version, role.sha256});
  return seen;
}

}  // namespace gapstow::tuf
