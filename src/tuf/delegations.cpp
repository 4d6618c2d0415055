#include "gapstow/tuf/delegations.h"

namespace gapstow::tuf {

std::size_t DelegationGraph::add(Grant grant) {
  const std::size_t index = grants_.size();
  first_grant_.emplace(grant.role, index);
  grants_.push_back(std::move(grant));
  return index;
}

const std::size_t* DelegationGraph::find_grant(const std::string& role) const {
  const auto found = first_grant_.find(role);
  return found == first_grant_.end() ? nullptr : &found->second;
}

const Targets* DelegationGraph::targets(const std::string& role) const {
  const auto found = targets_.find(role);
  return found == targets_.end() ? nullptr : &found->second;
}

}  // namespace gapstow::tuf
