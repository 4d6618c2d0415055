// Decompression of one stream: gzip, zstd or none, told by its first bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "gapstow/base/bytes.h"
#include "gapstow/base/stream.h"

namespace gapstow::archive {

enum class Compression { none, gzip, zstd, xz, bzip2 };

inline constexpr std::size_t kMagicBytes = 6;

/// The kind of a stream that begins with `head` (kMagicBytes, or all of a shorter stream).
Compression compression_of(base::ByteView head);

/// The bytes of `inner`, decompressed. More than `limit` decompressed bytes is Error{limit_exceeded}; a damaged or
/// cut stream, or data behind its end, Error{malformed} or Error{truncated}. Several gzip members or zstd frames in a
/// row are one stream; other kinds of compression are handed through as they are.
std::unique_ptr<base::Source> decompress(std::unique_ptr<base::Source> inner, std::uint64_t limit);

}  // namespace gapstow::archive
