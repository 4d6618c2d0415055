// Delegations as a graph: who may speak, by whose leave and about what.
#pragma once

#include <cstddef>
#include <map>
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

/// Grants in pre-order of the walk and the proven contents of the roles. A role that several roles delegate to has
/// several grants.
class DelegationGraph {
 public:
  /// Adds a grant behind the others; its index.
  std::size_t add(Grant grant);
  void set_targets(std::string role, Targets targets) {
    targets_.insert_or_assign(std::move(role), std::move(targets));
  }

  const std::vector<Grant>& grants() const { return grants_; }
  /// Index of the role's first grant, or nothing.
  const std::size_t* find_grant(const std::string& role) const;
  /// What a proven role says, or nullptr.
  const Targets* targets(const std::string& role) const;
  const std::map<std::string, Targets>& all_targets() const { return targets_; }

 private:
  std::vector<Grant> grants_;
  std::unordered_map<std::string, std::size_t> first_grant_;
  std::map<std::string, Targets> targets_;
};

}  // namespace gapstow::tuf
