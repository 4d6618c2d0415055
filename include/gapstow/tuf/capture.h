// Capturing a repository of TUF 1.0: every file that a chain can need, while its server is still there.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/updater.h"

namespace gapstow::tuf {

inline constexpr std::uint64_t kMaxCapturedBytes = 512ULL << 20;  ///< of all metadata of one repository

/// The metadata of a repository as served, byte for byte and unproven: every root version from 1 on (where the first
/// ones are gone, from those in `known_roots` or from "root.json" on, whichever of them are there), timestamp,
/// snapshot, and every role that the snapshot lists. A delegated role that is not served is left out. Files are those
/// that others name by version, length and hashes; a repository that is published anew meanwhile is read from the
/// start. The fetcher is used from up to `jobs` threads. Nothing when there is no timestamp. Error{chain_incomplete}
/// names another file that is missing.
std::optional<ChainFiles> capture(MetadataFetcher& fetcher, const std::vector<base::Bytes>& known_roots, unsigned jobs);

}  // namespace gapstow::tuf
