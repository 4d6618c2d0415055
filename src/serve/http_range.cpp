#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "gapstow/serve/http.h"

namespace gapstow::serve {
namespace {

/// Digits only; what exceeds 64 bits is the largest number, which lies behind every body.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (__builtin_mul_overflow(value, 10U, &value)) return UINT64_MAX;
    if (__builtin_add_overflow(value, static_cast<unsigned>(c - '0'), &value)) return UINT64_MAX;
  }
  return value;
}

bool begins_with_unit(std::string_view header) {
  constexpr std::string_view kUnit = "bytes=";
  return header.size() > kUnit.size() && std::ranges::equal(header.substr(0, kUnit.size()), kUnit, [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

Range unsatisfiable() { return {0, 0, true}; }

}  // namespace

std::optional<Range> parse_range(std::string_view header, std::uint64_t size) {
  if (!begins_with_unit(header)) return std::nullopt;
  const auto range = header.substr(header.find('=') + 1);
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto begin = range.substr(0, dash);
  const auto end = range.substr(dash + 1);
  if (begin.empty()) {
    const auto suffix = number(end);
    if (!suffix) return std::nullopt;
    if (*suffix == 0 || size == 0) return unsatisfiable();
    const auto length = std::min(*suffix, size);
    return Range{size - length, length};
  }
  const auto first = number(begin);
  const auto last = end.empty() ? std::optional(UINT64_MAX) : number(end);
  if (!first || !last || *first > *last) return std::nullopt;
  if (*first >= size) return unsatisfiable();
  return Range{*first, std::min(*last, size - 1) - *first + 1};
}

}  // namespace gapstow::serve
