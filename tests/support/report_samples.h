// Outcomes of every kind, for tests of reports: the real sample image, with what a registry would have added.
#pragma once

#include <string>
#include <vector>

#include "gapstow/bundle/seal.h"
#include "gapstow/transfer/fetch_chains.h"
#include "gapstow/transfer/outcome.h"

namespace gapstow::test {

inline const std::string kFarRegistry = "docker://registry.far:5000";
inline const std::string kFarReference = "registry.far:5000/mirror/app:1.1";

/// The sample image, verified; with attachments of each kind in its record.
transfer::Outcome verified_outcome();
/// The same, imported into a registry: one blob of each fate, under another name.
transfer::Outcome imported_outcome();
/// As imported, but nothing was changed.
transfer::Outcome rehearsed_outcome();
/// Three images were asked for: one is there, one is denied, one could not be had; and one was accepted and failed on
/// its way.
transfer::Outcome partial_outcome();
/// Imported by a copy that nobody sealed.
transfer::Outcome unsealed_outcome();
/// The sample chain without its image.
transfer::Outcome chain_outcome();
/// One captured, one there before, one failed.
std::vector<transfer::FetchedChain> fetched_chains();

/// The seal of the sample image with attachments, or, without images, of its chain alone.
bundle::Seal attached_seal();
bundle::Seal chain_seal();

}  // namespace gapstow::test
