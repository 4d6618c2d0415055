#include "verification.h"

#include <algorithm>

#include "gapstow/base/error.h"

namespace gapstow::bundle {
namespace {

/// The seal's bytes, in memory that grows with what arrives and not with what a header promises.
base::Bytes read_seal_entry(base::Source& source, const Watch& watch) {
  const std::uint64_t size = read_seal_header(source, watch);
  base::Bytes bytes;
  while (bytes.size() < size) {
    const std::size_t had = bytes.size();
    bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size, had + kReadChunk)));
    const std::size_t count = base::read_full(source, std::span(bytes).subspan(had));
    if (had + count < bytes.size()) {
      throw base::Error(base::ErrorCode::truncated, "ends " + std::to_string(size - had - count) + " bytes too early");
    }
    watch.passed(count);
  }
  return bytes;
}

}  // namespace

Seal read_claimed_seal(base::Source& source, const Watch& watch) {
  const base::Bytes entry = base::with_context(std::string(kSealName), [&] { return read_seal_entry(source, watch); });
  return base::with_context(std::string(kSealName), [&] { return Seal::parse(entry); });
}

void BundleVerification::begin(base::Source& source) {
  seal_.emplace(read_claimed_seal(source, watch_));
  const SealPolicy policy = consumer_.on_claim(*seal_);
  signers_ = base::with_context(std::string(kSealName), [&] { return seal_->prove(policy); });
  consumer_.on_seal(*seal_, signers_);
  for (std::size_t i = 0; i < first_payload(); ++i) read_metadata(source, entries()[i]);
  consumer_.on_payload();
}

void BundleVerification::read_metadata(base::Source& source, const Entry& entry) {
  base::with_context(entry.name, [&] {
    base::Bytes bytes;
    read_entry(source, entry, kReadChunk, [&](base::ByteView piece) { base::append(bytes, piece); }, watch_);
    consumer_.on_metadata(entry, bytes);
  });
}

void BundleVerification::read_payload(base::Source& source, std::size_t index) {
  const Entry& entry = entries()[index];
  base::with_context(entry.name, [&] {
    const std::unique_ptr<base::Sink> sink = consumer_.open_payload(entry);
    const auto take = [&](base::ByteView piece) {
      if (sink) sink->write(piece);
    };
    read_entry(source, entry, kReadChunk, take, watch_);
    if (sink) sink->finish();
  });
}

void BundleVerification::read_payload_again(base::File& file, std::size_t index, const EntryPosition& position) {
  for (;;) {
    try {
      base::FileSource source(file, position.header, position.end - position.header);
      return read_payload(source, index);
    } catch (const base::Error& error) {
      if (!consumer_.reopens_payload(entries()[index], error)) throw;
    }
  }
}

VerifiedBundle BundleVerification::finish(base::Source& source) {
  base::with_context("end of the bundle", [&] { demand_trailer(source, watch_); });
  return VerifiedBundle(std::move(*seal_), std::move(signers_));
}

Seal BundleVerification::finish_front(base::Source& source) {
  base::with_context("end of the bundle", [&] { demand_trailer(source, watch_); });
  return std::move(*seal_);
}

}  // namespace gapstow::bundle
