// Reading bundles: every byte is compared with what the proven statement demands. A stream and a file go through
// different readers that must come to the same verdict on the same bytes.
#pragma once

#include <functional>
#include <memory>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/bundle/seal.h"

namespace gapstow::bundle {

/// Made by the readers alone, after the last byte was proven.
class VerifiedBundle {
 public:
  const Statement& statement() const { return seal_.claimed(); }
  const Seal& seal() const { return seal_; }
  const SealSigners& signers() const { return signers_; }

 private:
  friend class BundleVerification;
  VerifiedBundle(Seal seal, SealSigners signers) : seal_(std::move(seal)), signers_(std::move(signers)) {}
  Seal seal_;
  SealSigners signers_;
};

/// Gets the content as it is proven. What it throws ends the run and comes out of read_*().
class Consumer {
 public:
  virtual ~Consumer() = default;
  /// The seal is parsed and nothing else is known: names the keys that must have signed it.
  virtual SealPolicy on_claim(const Seal& seal) = 0;
  /// The seal is proven.
  virtual void on_seal(const Seal& seal, const SealSigners& signers) = 0;
  /// One of the first Statement::metadata_entries, proven, in order.
  virtual void on_metadata(const Entry& entry, base::ByteView bytes) = 0;
  /// All metadata was given; payload follows.
  virtual void on_payload() = 0;
  /// Where the content of a payload entry goes; nullptr when nobody wants it (it is proven all the same). May be
  /// called from several threads. The sink is finished only when the entry is proven.
  virtual std::unique_ptr<base::Sink> open_payload(const Entry& entry) = 0;
  /// Whether the entry shall be read once more from its first byte after this failure of its sink, with a new sink.
  /// Only asked where the bundle can be read again.
  virtual bool reopens_payload(const Entry&, const base::Error&) { return false; }
};

struct ReadOptions {
  const base::CancelToken* cancel = nullptr;
  std::function<void(std::uint64_t bytes)> on_progress;  ///< may be called from several threads
  unsigned jobs = 1;                                     ///< read_file only
};

/// Front to back, to the end of the source: anything behind the trailer is Error{malformed}.
VerifiedBundle read_stream(base::Source& source, Consumer& consumer, const ReadOptions& options);
/// Payload entries in parallel.
VerifiedBundle read_file(base::File& file, Consumer& consumer, const ReadOptions& options);

/// The seal of a bundle and nothing else, unproven.
Seal read_seal(base::Source& source);

}  // namespace gapstow::bundle
