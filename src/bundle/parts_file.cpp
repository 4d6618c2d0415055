// Parts as one file.
#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/bundle/opened.h"

namespace gapstow::bundle {
namespace {

using base::Error;
using base::ErrorCode;

class PartsFile final : public base::File {
 public:
  explicit PartsFile(std::vector<PartFile> parts) : parts_(std::move(parts)) {}

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      const Piece piece = at(offset + done);
      if (piece.part == nullptr) break;
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size() - done, piece.length));
      const std::size_t count = piece.part->file->read_at(piece.offset, out.subspan(done, wanted));
      done += count;
      if (count < wanted) break;
    }
    return done;
  }

  std::uint64_t size() override { return parts_.front().header.total; }

  /// Of all parts: it differs when that of any one does, also when the clock was set back before a part was written.
  base::FileStamp stamp() override {
    base::FileStamp all;
    const auto mix = [&](std::uint64_t value) {
      constexpr std::uint64_t kMixer = 0x9E3779B97F4A7C15ULL;
      all.node = (all.node ^ value) * kMixer;
      all.node ^= all.node >> 32;
    };
    for (const auto& part : parts_) {
      const base::FileStamp one = part.file->stamp();
      for (const auto value : {one.device, one.node, one.size}) mix(value);
      for (const auto value : {one.modified, one.changed}) mix(static_cast<std::uint64_t>(value));
      all.device = one.device;
      all.size += one.size;
      all.modified = std::max(all.modified, one.modified);
      all.changed = std::max(all.changed, one.changed);
    }
    return all;
  }

  void write_at(std::uint64_t, base::ByteView) override { refuse(); }
  void sync() override { refuse(); }
  void start_writeback(std::uint64_t, std::uint64_t) override {}

 private:
  /// Where a position of the bundle stands, and how far the part goes from there.
  struct Piece {
    const PartFile* part = nullptr;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };

  Piece at(std::uint64_t offset) const {
    const auto behind =
        std::ranges::upper_bound(parts_, offset, {}, [](const PartFile& part) { return part.header.offset; });
    if (behind == parts_.begin()) return {};
    const PartFile& part = *std::prev(behind);
    const std::uint64_t within = offset - part.header.offset;
    if (within >= part.header.size) return {};
    return {&part, kPartHeaderBytes + within, part.header.size - within};
  }

  [[noreturn]] static void refuse() { throw Error(ErrorCode::internal, "parts are not written in place"); }

  std::vector<PartFile> parts_;
};

}  // namespace

std::unique_ptr<base::File> join_parts(std::vector<PartFile> parts) {
  return std::make_unique<PartsFile>(std::move(parts));
}

void check_parts_identity(const std::vector<PartFile>& parts, const Seal& seal) {
  if (parts.front().header.bundle == seal.bundle_id()) return;
  throw Error(ErrorCode::malformed,
              "the parts are of bundle " + parts.front().header.bundle.hex() + ", the seal in them is of another one");
}

}  // namespace gapstow::bundle
