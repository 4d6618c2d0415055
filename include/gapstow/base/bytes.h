// Bytes and text. Binary data is always `std::byte`; `std::string` holds UTF-8 text only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gapstow::base {

/// Bytes somebody else owns; valid only as long as the owner is.
using ByteView = std::span<const std::byte>;
/// Bytes we own.
using Bytes = std::vector<std::byte>;

/// The bytes of a text, without copying.
inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

/// Bytes seen as text, without copying and without any check of their encoding.
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// A copy that we own.
inline Bytes to_bytes(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
inline Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

inline void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

inline bool equal(ByteView a, ByteView b) { return std::ranges::equal(a, b); }

}  // namespace gapstow::base
