#include "accept.h"

#include <algorithm>
#include <cctype>

#include "gapstow/base/text.h"

namespace gapstow::serve {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// "q=0", "q=0.000": by this a client says what it does not take.
bool is_refusal(std::string_view parameter) {
  parameter = trimmed(parameter);
  if (parameter.size() < 3 || !is_same(parameter.substr(0, 2), "q=")) return false;
  return parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

/// How closely an item of Accept means this type: 0 is not at all.
int closeness(std::string_view range, std::string_view media_type) {
  if (is_same(range, media_type)) return 3;
  if (is_same(range, "application/*")) return 2;
  return range == "*/*" ? 1 : 0;
}

}  // namespace

bool accepts(std::string_view header, std::string_view media_type) {
  if (trimmed(header).empty()) return true;
  int closest = 0;
  bool is_taken = false;
  for (const auto item : base::split(header, ',')) {
    const auto parts = base::split(item, ';');
    const int close = closeness(trimmed(parts.front()), media_type);
    if (close == 0 || close < closest) continue;
    const bool is_wanted = std::ranges::none_of(parts.begin() + 1, parts.end(), is_refusal);
    is_taken = is_wanted || (close == closest && is_taken);
    closest = close;
  }
  return is_taken;
}

}  // namespace gapstow::serve
