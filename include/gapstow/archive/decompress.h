// Decompression of one stream: gzip, zstd or none, told by its first bytes.
#pragma once

#include <cstdint>
#include <memory>

#include "gapstow/base/stream.h"

namespace gapstow::archive {

/// The bytes of `inner`, decompressed. More than `limit` decompressed bytes is Error{limit_exceeded}; a damaged or
/// cut stream, or data behind its end, Error{malformed} or Error{truncated}.
std::unique_ptr<base::Source> decompress(std::unique_ptr<base::Source> inner, std::uint64_t limit);

}  // namespace gapstow::archive
