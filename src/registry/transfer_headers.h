// Header fields that say how much of something there is. Source: RFC 9110 sections 8.6, 14; OCI distribution 1.1.
#pragma once

#include <cstdint>
#include <optional>

#include "gapstow/registry/message.h"

namespace gapstow::registry {

/// Nothing when the field is missing or no number.
std::optional<std::uint64_t> content_length(const Headers& headers);

/// "bytes 100-199/200": of a 206.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> total;  ///< nothing for "*"
};
std::optional<ContentRange> content_range(const Headers& headers);

/// How many bytes an upload holds by its Range field, "0-99" or "bytes=0-99": 100. A missing field, and "0-0" of a
/// registry that has no way to say nothing, are 0: one byte sent twice is refused, one never sent is lost.
/// Nothing for what is no range from 0.
std::optional<std::uint64_t> uploaded_bytes(const Headers& headers);

}  // namespace gapstow::registry
