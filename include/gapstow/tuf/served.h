// Names of the files of a repository as servers give them. Source: TUF specification 1.0.34, sections 5.3-5.7 and 6.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/tuf/metadata.h"

namespace gapstow::tuf {

/// Text as one part of a URL's path: letters, digits and "-_.~" stand for themselves, all else, also '/', becomes %XX.
std::string percent_encoded(std::string_view text);

/// "3.root.json", "timestamp.json": with the version where one is given. The role is percent-encoded.
std::string metadata_file(std::string_view role, std::optional<std::uint64_t> version);

/// The paths below the repository's targets under which a target's file may stand, not encoded: the name itself, or
/// with consistent snapshots one for each hash, "HASH.name" for the last part.
std::vector<std::string> target_files(const std::string& name, const Target& target, bool consistent_snapshot);

}  // namespace gapstow::tuf
