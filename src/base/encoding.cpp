#include "gapstow/base/encoding.h"

#include <array>

#include "gapstow/base/error.h"

namespace gapstow::base {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<signed char, 256> inverse(std::string_view digits) {
  std::array<signed char, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    table[static_cast<unsigned char>(digits[i])] = static_cast<signed char>(i);
  }
  return table;
}

constexpr auto kHexValue = inverse(kHexDigits);
constexpr auto kBase64Value = inverse(kBase64Digits);

int value(const std::array<signed char, 256>& table, char digit) { return table[static_cast<unsigned char>(digit)]; }

[[noreturn]] void refuse(const char* kind) { throw Error(ErrorCode::malformed, std::string("not ") + kind); }

}  // namespace

std::string hex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    text += kHexDigits[std::to_integer<unsigned>(b) >> 4];
    text += kHexDigits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

Bytes from_hex(std::string_view text) {
  if (text.size() % 2 != 0) refuse("hexadecimal of even length");
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = value(kHexValue, text[2 * i]);
    const int low = value(kHexValue, text[2 * i + 1]);
    if (high < 0 || low < 0) refuse("lower-case hexadecimal");
    bytes[i] = static_cast<std::byte>(high << 4 | low);
  }
  return bytes;
}

bool is_hex(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return false;
  return std::ranges::all_of(text, [](char c) { return value(kHexValue, c) >= 0; });
}

std::string base64(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < count ? std::to_integer<unsigned>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kBase64Digits[bits >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

Bytes from_base64(std::string_view text) {
  if (text.size() % 4 != 0) refuse("padded base64");
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t padding = !last ? 0 : text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
    unsigned bits = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int digit = k < 4 - padding ? value(kBase64Value, text[i + k]) : 0;
      if (digit < 0) refuse("base64");
      bits = bits << 6 | static_cast<unsigned>(digit);
    }
    if ((padding == 1 && (bits & 0xFF) != 0) || (padding == 2 && (bits & 0xFFFF) != 0)) {
      refuse("canonical base64 (unused bits are set)");
    }
    for (std::size_t k = 0; k < 3 - padding; ++k) {
      bytes.push_back(static_cast<std::byte>(bits >> (16 - 8 * k) & 0xFF));
    }
  }
  return bytes;
}

}  // namespace gapstow::base
