#include "gapstow/base/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "gapstow/base/error.h"

namespace gapstow::base {
namespace {

/// Length of the well-formed UTF-8 sequence at the start of `text`, or 0.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (at(i) & 0xC0) == 0x80; };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if (lead == 0xE0 && at(1) < 0xA0) return 0;  // overlong
    if (lead == 0xED && at(1) > 0x9F) return 0;  // surrogate
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && at(1) < 0x90) return 0;
    if (lead == 0xF4 && at(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

/// C0, DEL and C1 controls, and the bidirectional overrides that can disguise a name.
bool is_control(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7F;
  if (sequence.size() == 2) return lead == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
  constexpr std::array kDisguises{"\u200E", "\u200F", "\u2028", "\u2029", "\u202A", "\u202B", "\u202C",
                                  "\u202D", "\u202E", "\u2066", "\u2067", "\u2068", "\u2069", "\uFEFF"};
  for (const std::string_view disguise : kDisguises) {
    if (sequence == disguise) return true;
  }
  return false;
}

void append_escaped(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    std::array<char, 5> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "\\x%02x", static_cast<unsigned char>(c));
    out += buffer.data();
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view piece = text.substr(0, length == 0 ? 1 : length);
    if (length == 0 || is_control(piece)) {
      append_escaped(out, piece);
    } else {
      out += piece;
    }
    text.remove_prefix(piece.size());
  }
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string join(const std::vector<std::string>& items, std::string_view separator) {
  std::string out;
  for (const auto& item : items) {
    if (&item != &items.front()) out += separator;
    out += item;
  }
  return out;
}

std::string human_size(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f %s", value, kUnits[unit]);
  return buffer.data();
}

std::uint64_t parse_size(std::string_view text) {
  const auto refuse = [&]() -> Error {
    return {ErrorCode::usage, "'" + std::string(text) + "' is not a size",
            "write a number with a unit: 4.7GB (10^9), 4GiB (2^30), 650MB"};
  };
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || value < 0) throw refuse();
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  struct Unit {
    std::string_view name;
    double factor;
  };
  constexpr std::array kUnits{Unit{"", 1},
                              Unit{"B", 1},
                              Unit{"kB", 1e3},
                              Unit{"KB", 1e3},
                              Unit{"K", 1024},
                              Unit{"KiB", 1024},
                              Unit{"MB", 1e6},
                              Unit{"M", 1048576},
                              Unit{"MiB", 1048576},
                              Unit{"GB", 1e9},
                              Unit{"G", 1073741824},
                              Unit{"GiB", 1073741824},
                              Unit{"TB", 1e12},
                              Unit{"T", 1099511627776},
                              Unit{"TiB", 1099511627776}};
  for (const auto& [name, factor] : kUnits) {
    if (name != unit) continue;
    const double bytes = value * factor;
    if (!(bytes >= 1) || bytes > 9e18) throw refuse();
    return static_cast<std::uint64_t>(std::floor(bytes));
  }
  throw refuse();
}

}  // namespace gapstow::base
