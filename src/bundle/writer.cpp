#include "gapstow/bundle/writer.h"

#include <algorithm>

#include "balanced.h"
#include "framing.h"
#include "gapstow/archive/ustar.h"
#include "gapstow/base/error.h"
#include "gapstow/bundle/layout.h"

namespace gapstow::bundle {
namespace {

constexpr std::size_t kWriteChunk = base::kChunkSize;

/// Gathers the pieces of one entry into chunks, so that a small entry is one write with header and padding.
class ChunkWriter {
 public:
  ChunkWriter(base::Sink& out, std::uint64_t expected, const Watch& watch)
      : out_(out),
        room_(static_cast<std::size_t>(std::min<std::uint64_t>(expected, kWriteChunk))),
        buffer_(std::make_unique_for_overwrite<std::byte[]>(room_)),
        watch_(watch) {}

  void put(base::ByteView bytes) {
    while (!bytes.empty()) {
      const std::span<std::byte> space = free_space();
      const base::ByteView piece = bytes.first(std::min(space.size(), bytes.size()));
      std::ranges::copy(piece, space.begin());
      used_ += piece.size();
      bytes = bytes.subspan(piece.size());
    }
  }

  void put_all(base::Source& source) {
    for (;;) {
      const std::size_t count = source.read(free_space());
      if (count == 0) return;
      used_ += count;
    }
  }

  void flush() {
    if (used_ == 0) return;
    out_.write({buffer_.get(), used_});
    watch_.passed(used_);
    used_ = 0;
  }

 private:
  /// Never empty.
  std::span<std::byte> free_space() {
    if (used_ == room_) flush();
    return {buffer_.get() + used_, room_ - used_};
  }

  base::Sink& out_;
  std::size_t room_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t used_ = 0;
  const Watch& watch_;
};

void write_entry(const Entry& entry, const OpenContent& open, std::size_t index, base::Sink& out, const Watch& watch) {
  base::with_context(entry.name, [&] {
    const std::unique_ptr<base::Source> content = open(index);
    if (!content) throw base::Error(base::ErrorCode::internal, "there is no content to write");
    digest::VerifyingSource verified(*content, entry.size, entry.sha256);
    const base::Bytes padding(archive::padding_of(entry.size));
    ChunkWriter writer(out, archive::entry_span(entry.name, entry.size), watch);
    writer.put(archive::make_header(entry.name, entry.size));
    writer.put_all(verified);
    writer.put(padding);
    writer.flush();
  });
}

void write_seal(const Seal& seal, base::Sink& out, const Watch& watch) {
  base::Bytes bytes = archive::make_header(kSealName, seal.claimed().seal_size);
  base::append(bytes, seal.entry_bytes());
  out.write(bytes);
  watch.passed(bytes.size());
}

void write_trailer(base::Sink& out, const Watch& watch) {
  const base::Bytes zeros(archive::kTrailerBytes);
  out.write(zeros);
  watch.passed(zeros.size());
}

}  // namespace

void write_stream(const Seal& seal, const OpenContent& open, base::Sink& out, const WriteOptions& options) {
  const Watch watch{options.cancel, &options.on_progress};
  write_seal(seal, out, watch);
  const std::vector<Entry>& entries = seal.claimed().entries;
  for (std::size_t i = 0; i < entries.size(); ++i) write_entry(entries[i], open, i, out, watch);
  write_trailer(out, watch);
  out.finish();
}

void write_file(const Seal& seal, const OpenContent& open, base::File& out, const WriteOptions& options) {
  const Watch watch{options.cancel, &options.on_progress};
  const Layout layout = lay_out(seal.claimed());
  base::FileSink front(out);
  write_seal(seal, front, watch);
  const std::vector<Entry>& entries = seal.claimed().entries;
  for_each_entry(entries, 0, options.jobs, [&](std::size_t i) {
    base::FileSink sink(out, layout.entries[i].header);
    write_entry(entries[i], open, i, sink, watch);
  });
  base::FileSink trailer(out, layout.total - archive::kTrailerBytes);
  write_trailer(trailer, watch);
}

}  // namespace gapstow::bundle
