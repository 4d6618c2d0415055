#include "scopes.h"

#include <map>
#include <set>

#include "gapstow/base/checked.h"
#include "gapstow/base/text.h"

namespace gapstow::registry {
namespace {

using Resources = std::map<std::string, std::set<std::string>>;  // "repository:team/app" -> actions

void add(Resources& resources, const std::string& scopes) {
  for (const auto scope : base::split(scopes, ' ')) {
    if (scope.empty()) continue;
    const auto colon = scope.rfind(':');  // names may hold colons, actions do not
    auto& actions = resources[std::string(scope.substr(0, colon))];
    if (colon == std::string_view::npos) continue;
    for (const auto action : base::split(scope.substr(colon + 1), ',')) {
      if (!action.empty()) actions.emplace(action);
    }
  }
  base::check_limit(resources.size(), kMaxScopes, "scopes of a token");
}

}  // namespace

std::vector<std::string> union_of_scopes(const std::string& one, const std::string& other) {
  Resources resources;
  add(resources, one);
  add(resources, other);
  std::vector<std::string> scopes;
  for (const auto& [resource, actions] : resources) {
    auto scope = resource;
    if (!actions.empty()) scope += ":" + base::join({actions.begin(), actions.end()}, ",");
    scopes.push_back(std::move(scope));
  }
  return scopes;
}

std::string repository_of_scope(const std::string& scope) {
  for (const auto item : base::split(scope, ' ')) {
    constexpr std::string_view kKind = "repository:";
    const auto last = item.rfind(':');
    if (item.starts_with(kKind) && last >= kKind.size()) {
      return std::string(item.substr(kKind.size(), last - kKind.size()));
    }
  }
  return {};
}

}  // namespace gapstow::registry
