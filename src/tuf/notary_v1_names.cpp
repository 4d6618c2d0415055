#include <algorithm>

#include "notary_v1.h"

namespace gapstow::tuf::notary {
namespace {

constexpr std::string_view kPrefix = "targets/";

bool is_role_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/';
}

}  // namespace

bool is_delegation_name(std::string_view name) {
  return name.size() > kPrefix.size() && name.size() <= kMaxRoleNameBytes && name.starts_with(kPrefix) &&
         name.back() != '/' && name.find("//") == std::string_view::npos &&
         std::ranges::all_of(name, is_role_character);
}

bool is_direct_child(std::string_view role, std::string_view child) {
  return is_delegation_name(child) && child.size() > role.size() + 1 && child.starts_with(role) &&
         child[role.size()] == '/' && child.find('/', role.size() + 1) == std::string_view::npos;
}

}  // namespace gapstow::tuf::notary
