// CRC-32 as gzip uses it. Source: RFC 1952, section 8.
#pragma once

#include <cstdint>

#include "gapstow/base/bytes.h"

namespace gapstow::archive {

/// The checksum of what `crc` was the checksum of, and `bytes` behind it; 0 to begin with.
std::uint32_t crc32(std::uint32_t crc, base::ByteView bytes);

}  // namespace gapstow::archive
