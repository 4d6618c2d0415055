// One run over one bundle, step by step. Whoever reads bundles, from a stream, a file or in place, goes through it.
#pragma once

#include <optional>
#include <vector>

#include "framing.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/reader.h"

namespace gapstow::bundle {

/// Read at once. Small enough to stay in a cache between reading and hashing; times the threads is what readers need.
inline constexpr std::size_t kReadChunk = base::kChunkSize;

/// A seal from the front of a bundle, unproven.
Seal read_claimed_seal(base::Source& source, const Watch& watch);

/// The steps are called in their order; only finish() makes the proof.
class BundleVerification {
 public:
  BundleVerification(Consumer& consumer, const ReadOptions& options)
      : consumer_(consumer), watch_{options.cancel, &options.on_progress} {}

  /// Seal and metadata, from the front of the bundle.
  void begin(base::Source& source);
  /// One payload entry, from a source that stands at its header. Entries may be read in parallel.
  void read_payload(base::Source& source, std::size_t index);
  /// The same, from a file: as often as the consumer asks for it.
  void read_payload_again(base::File& file, std::size_t index, const EntryPosition& position);
  /// Everything but the trailer is read: the source stands there.
  VerifiedBundle finish(base::Source& source);
  /// The same where the payload is proven later.
  Seal finish_front(base::Source& source);

  const std::vector<Entry>& entries() const { return seal_->claimed().entries; }
  std::size_t first_payload() const { return seal_->claimed().metadata_entries; }
  Layout layout() const { return lay_out(seal_->claimed()); }

 private:
  void read_metadata(base::Source& source, const Entry& entry);

  Consumer& consumer_;
  Watch watch_;
  std::optional<Seal> seal_;
  SealSigners signers_;
};

}  // namespace gapstow::bundle
