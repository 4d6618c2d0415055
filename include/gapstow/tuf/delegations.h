// Delegations as a graph: who may speak, by whose leave and about what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gapstow/tuf/metadata.h"

namespace gapstow::tuf {

inline constexpr std::string_view kTopRole = "targets";

/// One delegation that a proven role makes. The first grant of a graph is that of the role "targets" itself.
struct Grant {
  std::string role;
  std::string delegator;  ///< empty for "targets"
  Delegation terms;       ///< as far as the route above leaves them; meaningless for "targets"
  unsigned depth = 0;     ///< 0 for "targets"
  bool present = true;    ///< false: the role is published, but the chain does not hold its file
};

/// The `index`-th delegation that a role makes: of those it spells out, or its bin of that number.
Delegation delegation_at(const Targets& targets, std::size_t index);
/// The bin of a target with this hash.
std::size_t bin_for(const Bins& bins, std::string_view sha256_hex);
/// The number of the bin with that role name, or nothing.
std::optional<std::size_t> bin_named(const Bins& bins, std::string_view role);
/// Whether the role is among those that `targets` delegates to.
bool delegates_to(const Targets& targets, std::string_view role);

/// Grants in pre-order of the walk and the proven contents of the roles. A role that several roles delegate to has
/// several grants.
class DelegationGraph {
 public:
  /// Adds a grant behind the others; its index.
  std::size_t add(Grant grant);
  /// Adds a grant that stands for all bins of its delegator that have none of their own. It is never present.
  void add_other_bins(Grant grant);
  void set_targets(std::string role, Targets targets) {
    targets_.insert_or_assign(std::move(role), std::move(targets));
  }

  const std::vector<Grant>& grants() const { return grants_; }
  /// Index of the role's first grant, or nothing.
  const std::size_t* find_grant(const std::string& role) const;
  /// Index of the grant by which `delegator` delegates to `role` (for bins perhaps that of add_other_bins()), or
  /// nothing.
  std::optional<std::size_t> find_grant(const std::string& delegator, const std::string& role) const;
  /// What a proven role says, or nullptr.
  const Targets* targets(const std::string& role) const;
  const std::map<std::string, Targets>& all_targets() const { return targets_; }

 private:
  std::vector<Grant> grants_;
  std::unordered_map<std::string, std::size_t> first_grant_;
  std::map<std::pair<std::string, std::string>, std::size_t> by_delegator_;
  std::map<std::string, std::size_t> other_bins_;  ///< by delegator
  std::map<std::string, Targets> targets_;
};

}  // namespace gapstow::tuf
