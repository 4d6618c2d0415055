// What relocations must fulfil together. Their names are checked here as far as the rules need it; that they are
// prefixes of references in normal form is checked once more where references are known (enforce/relocations.h).
#include <algorithm>
#include <set>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/trust/store.h"

namespace gapstow::trust {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kMaxPrefixBytes = 240;  // leaves room for a name below it
constexpr std::size_t kMaxTagBytes = 128;

bool is_small_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_name_part(std::string_view part) {
  return !part.empty() && is_small_or_digit(part.front()) && is_small_or_digit(part.back()) &&
         std::ranges::all_of(part, [](char c) { return is_small_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

/// A first part is a host when it cannot be the first part of a path.
bool is_host_part(std::string_view part) {
  const bool marked = part == "localhost" || part.find_first_of(".:[") != std::string_view::npos;
  return marked && std::ranges::all_of(part, [](char c) {
           return is_small_or_digit(c) || std::string_view(".:-[]").find(c) != std::string_view::npos;
         });
}

void check_prefix(const std::string& prefix, const char* member) {
  const auto parts = base::split(prefix, '/');
  const bool good = prefix.size() <= kMaxPrefixBytes && is_host_part(parts.front()) &&
                    std::all_of(parts.begin() + 1, parts.end(), is_name_part);
  if (good) return;
  throw Error(ErrorCode::malformed,
              std::string(member) + " '" + base::printable(prefix) + "' is no host with the beginning of a path",
              "write whole parts of full names, such as docker.io/library or registry.local:5000/mirror");
}

bool is_tag(std::string_view tag) {
  const auto is_word = [](char c) { return is_small_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !tag.empty() && tag.size() <= kMaxTagBytes && is_word(tag.front()) &&
         std::ranges::all_of(tag, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

void check_tags(const Relocation& relocation) {
  std::set<std::string_view> locals;
  for (const auto& [origin, local] : relocation.tags) {
    for (const auto& tag : {origin, local}) {
      if (!is_tag(tag)) throw Error(ErrorCode::malformed, "'" + base::printable(tag) + "' is no tag");
    }
    if (!locals.insert(local).second) {
      throw Error(ErrorCode::malformed, "tag " + local + " of " + relocation.to + " would stand for two tags");
    }
  }
}

/// The name among `names` that is `name`, or a prefix of it at the border of a part, or has it as such a prefix.
std::string_view overlapping(const std::set<std::string_view>& names, std::string_view name) {
  for (std::string_view prefix = name;; prefix = prefix.substr(0, prefix.rfind('/'))) {
    if (const auto found = names.find(prefix); found != names.end()) return *found;
    if (prefix.find('/') == std::string_view::npos) break;
  }
  const std::string below = std::string(name) + "/";
  const auto found = names.lower_bound(below);
  return found != names.end() && found->starts_with(below) ? *found : std::string_view{};
}

}  // namespace

void check_relocations(const std::vector<Relocation>& relocations) {
  std::set<std::string_view> locals;
  for (const auto& each : relocations) {
    check_prefix(each.from, "from");
    check_prefix(each.to, "to");
    check_tags(each);
    if (!locals.insert(each.to).second) {
      throw Error(ErrorCode::malformed, "two relocations say what is meant by " + each.to);
    }
  }
  for (const auto& each : relocations) {
    const std::string_view again = overlapping(locals, each.from);
    if (again.empty()) continue;
    throw Error(ErrorCode::malformed,
                each.from + " is an origin, and " + std::string(again) + " of another relocation a local name for it",
                "relocations do not lead on: say in one step which origin a local name stands for");
  }
}

}  // namespace gapstow::trust
