// The extension headers in front of a tar entry, looked at for what libarchive does not report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "feed.h"

namespace gapstow::archive {

/// Refuses what other readers may take differently: sparse files, global headers that say anything but a comment,
/// extended headers with NUL in names or with a name or size given twice, sizes that are not octal digits.
/// Error{malformed}.
void check_extensions(Feed& feed, std::uint64_t position);

/// The name without "./", relative and without ".."; Error{malformed} for names without such a form. Empty for the
/// top folder.
std::string normal_name(std::string_view name);

/// Where a symbolic link at `name` points to, as a normal name; Error{malformed} when that is outside.
std::string resolve_link(std::string_view name, std::string_view target);

}  // namespace gapstow::archive
