#include "foreign_json.h"

#include "gapstow/base/checked.h"
#include "gapstow/json/parse.h"

namespace gapstow::oci {
namespace {

/// Not ASCII, but equal to "s" and "k" in Go's eyes: U+017F and U+212A.
constexpr std::string_view kFoldedLetters[] = {"\xc5\xbf", "\xe2\x84\xaa"};

}  // namespace

json::Value parse_foreign(base::ByteView bytes, std::uint64_t limit) {
  base::check_limit(bytes.size(), limit, "size of a JSON document");
  json::ParseLimits limits;
  limits.bytes = limit;
  limits.reals = true;
  return json::parse(bytes, limits);
}

void check_names(const json::Cursor& at, std::initializer_list<std::string_view> names) {
  at.no_case_variants(names);
  for (const auto& [name, member] : at.members()) {
    for (const auto letter : kFoldedLetters) {
      if (name.find(letter) != std::string::npos) member.refuse("a member's name has letters that look like others");
    }
  }
}

std::optional<json::Cursor> maybe_set(const json::Cursor& at, std::string_view name) {
  auto found = at.maybe(name);
  if (found && found->value().is_null()) return std::nullopt;
  return found;
}

}  // namespace gapstow::oci
