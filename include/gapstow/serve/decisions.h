// From what verifying bundles has shown to what is decided about images: the content of a decision file.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/enforce/snapshot.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/trust/store.h"

namespace gapstow::serve {

/// How new what a chain proves is: the version of its snapshot (0 without a chain), then the time of the seal.
using Age = std::pair<std::uint64_t, base::Time>;
Age age_of(const transfer::Outcome& outcome, std::optional<std::size_t> chain);
Age age_of(const transfer::Outcome& outcome, const transfer::ImageOutcome& image);

/// An image of an outcome, with what vouches for it and until when. What the rules of the trust store refuse is known
/// as refused.
enforce::KnownImage known_image(const transfer::Outcome& outcome, const transfer::ImageOutcome& image);

/// What time and state say about a set of decisions.
struct DecisionTimes {
  std::uint64_t version = 1;
  base::Time made_at;
  std::optional<base::Time> clock_floor{};  ///< of the state
};

/// All images and chains of the outcomes, and the relocations of the store. An image that several bundles hold with the
/// same digest counts once: one that may run before one that is refused, the one that is good for longer before the
/// other, with the manifests of all. Of a chain that is there several times the one whose timestamp ends last is
/// named. The clock floor is the latest of the state's and of the proven seal times, these as far as `made_at` agrees.
/// Of two digests under one name the newer counts alone: by the version of the snapshot that lists it, without chains
/// by the time of the seal. Error{conflict} where neither is newer.
enforce::SnapshotContent decisions_of(const std::vector<transfer::Outcome>& outcomes, const trust::TrustStore& store,
                                      const DecisionTimes& times);

}  // namespace gapstow::serve
