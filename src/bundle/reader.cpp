#include "gapstow/bundle/reader.h"

#include <algorithm>

#include "balanced.h"
#include "framing.h"
#include "gapstow/archive/ustar.h"
#include "gapstow/base/error.h"
#include "gapstow/base/read_ahead.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/parts.h"

namespace gapstow::bundle {
namespace {

/// Read at once. Small enough to stay in a cache between reading and hashing; times the threads is what readers need.
constexpr std::size_t kStreamChunk = base::kChunkSize;
constexpr std::size_t kFileChunk = base::kChunkSize;

/// The seal's bytes, in memory that grows with what arrives and not with what a header promises.
base::Bytes read_seal_entry(base::Source& source, const Watch& watch) {
  const std::uint64_t size = read_seal_header(source, watch);
  base::Bytes bytes;
  while (bytes.size() < size) {
    const std::size_t had = bytes.size();
    bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size, had + kStreamChunk)));
    const std::size_t count = base::read_full(source, std::span(bytes).subspan(had));
    if (had + count < bytes.size()) {
      throw base::Error(base::ErrorCode::truncated, "ends " + std::to_string(size - had - count) + " bytes too early");
    }
    watch.passed(count);
  }
  return bytes;
}

Seal read_claimed_seal(base::Source& source, const Watch& watch) {
  const base::Bytes entry = base::with_context(std::string(kSealName), [&] { return read_seal_entry(source, watch); });
  return base::with_context(std::string(kSealName), [&] { return Seal::parse(entry); });
}

}  // namespace

/// One run over one bundle. The steps are called in their order; only finish() makes the proof.
class BundleVerification {
 public:
  BundleVerification(Consumer& consumer, const ReadOptions& options)
      : consumer_(consumer), watch_{options.cancel, &options.on_progress} {}

  /// Seal and metadata, from the front of the bundle.
  void begin(base::Source& source) {
    seal_.emplace(read_claimed_seal(source, watch_));
    const SealPolicy policy = consumer_.on_claim(*seal_);
    signers_ = base::with_context(std::string(kSealName), [&] { return seal_->prove(policy); });
    consumer_.on_seal(*seal_, signers_);
    for (std::size_t i = 0; i < first_payload(); ++i) read_metadata(source, entries()[i]);
    consumer_.on_payload();
  }

  /// One payload entry, from a source that stands at its header. Entries may be read in parallel.
  void read_payload(base::Source& source, std::size_t index, std::size_t chunk) {
    const Entry& entry = entries()[index];
    base::with_context(entry.name, [&] {
      const std::unique_ptr<base::Sink> sink = consumer_.open_payload(entry);
      const auto take = [&](base::ByteView piece) {
        if (sink) sink->write(piece);
      };
      read_entry(source, entry, chunk, take, watch_);
      if (sink) sink->finish();
    });
  }

  /// Everything but the trailer is read: the source stands there.
  VerifiedBundle finish(base::Source& source) {
    base::with_context("end of the bundle", [&] { demand_trailer(source, watch_); });
    return VerifiedBundle(std::move(*seal_), std::move(signers_));
  }

  /// The same, from a file: as often as the consumer asks for it.
  void read_payload_again(base::File& file, std::size_t index, const EntryPosition& position) {
    for (;;) {
      try {
        base::FileSource source(file, position.header, position.end - position.header);
        return read_payload(source, index, kFileChunk);
      } catch (const base::Error& error) {
        if (!consumer_.reopens_payload(entries()[index], error)) throw;
      }
    }
  }

  const std::vector<Entry>& entries() const { return seal_->claimed().entries; }
  std::size_t first_payload() const { return seal_->claimed().metadata_entries; }
  Layout layout() const { return lay_out(seal_->claimed()); }

 private:
  void read_metadata(base::Source& source, const Entry& entry) {
    base::with_context(entry.name, [&] {
      base::Bytes bytes;
      read_entry(source, entry, kStreamChunk, [&](base::ByteView piece) { base::append(bytes, piece); }, watch_);
      consumer_.on_metadata(entry, bytes);
    });
  }

  Consumer& consumer_;
  Watch watch_;
  std::optional<Seal> seal_;
  SealSigners signers_;
};

namespace {

/// Not trusted or damaged; not a full disk or a signal.
bool is_about_the_bytes(const base::Error& error) {
  const int code = base::exit_code(error.code());
  return code == 1 || code == 4;
}

VerifiedBundle read_ahead(base::Source& source, Consumer& consumer, const ReadOptions& options) {
  base::ReadAhead ahead(source);
  BundleVerification run(consumer, options);
  run.begin(ahead);
  for (std::size_t i = run.first_payload(); i < run.entries().size(); ++i) run.read_payload(ahead, i, kStreamChunk);
  return run.finish(ahead);
}

}  // namespace

VerifiedBundle read_stream(base::Source& source, Consumer& consumer, const ReadOptions& options) {
  try {
    return read_ahead(source, consumer, options);
  } catch (const base::Error& error) {
    // When the bundle comes in parts, the medium to replace is what people need to know.
    auto* parts = dynamic_cast<PartsSource*>(&source);
    if (parts != nullptr && is_about_the_bytes(error)) parts->name_damaged_part(options.cancel);
    throw;
  }
}

VerifiedBundle read_file(base::File& file, Consumer& consumer, const ReadOptions& options) {
  BundleVerification run(consumer, options);
  base::FileSource front(file);
  run.begin(front);
  const Layout layout = run.layout();
  for_each_entry(run.entries(), run.first_payload(), options.jobs,
                 [&](std::size_t i) { run.read_payload_again(file, i, layout.entries[i]); });
  base::FileSource trailer(file, layout.total - archive::kTrailerBytes);
  return run.finish(trailer);
}

Seal read_seal(base::Source& source) { return read_claimed_seal(source, Watch{}); }

}  // namespace gapstow::bundle
