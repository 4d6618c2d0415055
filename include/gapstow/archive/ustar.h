// The canonical tar headers of gapstow: every byte follows from name and size. Source: POSIX.1-2017 pax, ustar.
// Normative description: formats/bundle.md, "Headers".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gapstow/base/bytes.h"

namespace gapstow::archive {

inline constexpr std::uint64_t kBlock = 512;
inline constexpr std::uint64_t kMaxUstarSize = 077777777777;  ///< 8 GiB - 1: what 11 octal digits hold
inline constexpr std::uint64_t kMaxEntrySize = 1ULL << 60;
inline constexpr std::size_t kTrailerBytes = 2 * kBlock;  ///< two zero blocks, nothing behind

/// True when a name has a ustar form: relative, parts of [A-Za-z0-9._-+@:=,~% ] that are not "", "." or "..", at most
/// 100 bytes or divisible at a '/' into at most 155 and 100 bytes.
bool is_canonical_name(std::string_view name);

/// The header of a regular file: 512 bytes, or 1536 (pax `size` record first) when size > kMaxUstarSize.
/// Mode 0444, owner 0/0 without names, mtime 0, type '0'. Error{limit_exceeded} for names or sizes without a form.
base::Bytes make_header(std::string_view name, std::uint64_t size);

/// Bytes of header, content and padding of one entry.
std::uint64_t entry_span(std::string_view name, std::uint64_t size);

/// Zero bytes that follow a content of that size.
inline std::uint64_t padding_of(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

}  // namespace gapstow::archive
