// Words that mean the same in letters of any size: schemes, options, media types. Source: RFC 9110
// sections 4.2.3, 8.3.1.
#pragma once

#include <algorithm>
#include <string_view>

namespace gapstow::serve {

inline char small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// `small` has small letters alone.
inline bool same_word(std::string_view text, std::string_view small) {
  return std::ranges::equal(text, small, [](char a, char b) { return small_letter(a) == b; });
}

}  // namespace gapstow::serve
