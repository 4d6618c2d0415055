// Scopes of tokens: "repository:team/app:pull,push", several separated by spaces.
// Source: Docker registry token specification.
#pragma once

#include <string>
#include <vector>

namespace gapstow::registry {

inline constexpr std::size_t kMaxScopes = 64;

/// Both together in one spelling: one scope for each resource with all actions, sorted. Error{limit_exceeded}.
std::vector<std::string> union_of_scopes(const std::string& one, const std::string& other);
/// "team/app" of the first scope of a repository; "" when there is none.
std::string repository_of_scope(const std::string& scope);

}  // namespace gapstow::registry
