// Small helpers for text that is shown to people or cut into fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gapstow::base {

/// The text with control characters and bytes that are not UTF-8 written as \xNN, so that a name out of a
/// hostile file cannot steer a terminal or break a line.
std::string printable(std::string_view text);

/// True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// Parts between separators; "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Items joined by `separator`.
std::string join(const std::vector<std::string>& items, std::string_view separator);

/// "3 images", "1 image", "2 entries".
std::string counted(std::uint64_t count, std::string_view noun);

/// 1234567 -> "1.2 MB" (decimal units, as disks and media are sold).
std::string human_size(std::uint64_t bytes);

/// "4.7GB", "650MB", "1GiB", "4096" -> bytes, exactly (parts of a byte are dropped), at least 1. Throws Error{usage}.
std::uint64_t parse_size(std::string_view text);

}  // namespace gapstow::base
