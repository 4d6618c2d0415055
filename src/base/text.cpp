#include "gapstow/base/text.h"

#include <array>
#include <cstdio>
#include <optional>

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
  if (sequence.size() == 2) {
    return (lead == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0) || sequence == "\u061C";
  }
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

std::string counted(std::uint64_t count, std::string_view noun) {
  std::string out = std::to_string(count) + " " + std::string(noun);
  if (count == 1) return out;
  if (!noun.ends_with('y')) return out + "s";
  out.pop_back();
  return out + "ies";
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

namespace {

struct SizeUnit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kSizeUnits{SizeUnit{"", 1},
                                SizeUnit{"B", 1},
                                SizeUnit{"kB", 1'000},
                                SizeUnit{"KB", 1'000},
                                SizeUnit{"K", 1ULL << 10},
                                SizeUnit{"KiB", 1ULL << 10},
                                SizeUnit{"MB", 1'000'000},
                                SizeUnit{"M", 1ULL << 20},
                                SizeUnit{"MiB", 1ULL << 20},
                                SizeUnit{"GB", 1'000'000'000},
                                SizeUnit{"G", 1ULL << 30},
                                SizeUnit{"GiB", 1ULL << 30},
                                SizeUnit{"TB", 1'000'000'000'000},
                                SizeUnit{"T", 1ULL << 40},
                                SizeUnit{"TiB", 1ULL << 40}};

/// Cuts digits off the front of a text; their value, or nothing when there are none or more than `most`.
std::optional<std::uint64_t> take_digits(std::string_view& text, std::size_t most) {
  std::uint64_t value = 0;
  std::size_t count = 0;
  for (; count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count) {
    if (count == most) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(text[count] - '0');
  }
  text.remove_prefix(count);
  if (count == 0) return std::nullopt;
  return value;
}

/// In whole numbers, so that 0.29GB is not a byte short.
std::optional<std::uint64_t> exact_size(std::string_view text) {
  constexpr std::size_t kWholeDigits = 18;
  constexpr std::size_t kFractionDigits = 9;
  const auto whole = take_digits(text, kWholeDigits);
  if (!whole) return std::nullopt;
  std::uint64_t fraction = 0;
  std::uint64_t scale = 1;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::size_t before = text.size();
    const auto digits = take_digits(text, kFractionDigits);
    if (!digits) return std::nullopt;
    fraction = *digits;
    for (std::size_t i = text.size(); i < before; ++i) scale *= 10;
  }
  for (const auto& [name, factor] : kSizeUnits) {
    if (name != text) continue;
    std::uint64_t size = 0;
    // factor * fraction may not fit 64 bits: divide before multiplying, and then the rest.
    const std::uint64_t part = factor / scale * fraction + factor % scale * fraction / scale;
    if (__builtin_mul_overflow(*whole, factor, &size) || __builtin_add_overflow(size, part, &size)) return std::nullopt;
    if (size == 0 || size > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return size;
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t parse_size(std::string_view text) {
  if (const auto size = exact_size(text)) return *size;
  throw Error(ErrorCode::usage, "'" + std::string(text) + "' is not a size",
              "write a number with a unit: 4.7GB (10^9), 4GiB (2^30), 650MB");
}

}  // namespace gapstow::base
