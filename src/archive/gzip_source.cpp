#include "gzip_source.h"

#include <archive_entry.h>

#include <algorithm>
#include <cstring>

#include "crc32.h"

namespace gapstow::archive {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kTrailer = 8;  ///< CRC-32 and length
constexpr std::string_view kMark = "\x1f\x8b\x08";
constexpr std::size_t kMinMember = 18;  ///< header and trailer alone

std::uint32_t little_endian(base::ByteView bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

}  // namespace

/// Remembers the last bytes of the stream, and whether a second member can be in it at all.
class GzipSource::TailFeed final : public Feed {
 public:
  explicit TailFeed(std::unique_ptr<base::Source> source) : source_(std::move(source)), block_(base::kChunkSize) {}
  bool peek(std::uint64_t, std::span<std::byte>) override { return false; }
  base::ByteView tail() const { return tail_; }
  bool may_hold_members() const { return marks_ > 1; }

 protected:
  base::ByteView load() override {
    const base::ByteView block = base::ByteView(block_).first(source_->read(block_));
    count_marks(block);
    const std::size_t kept = std::min(block.size(), tail_.size());
    std::memmove(tail_.data(), tail_.data() + kept, tail_.size() - kept);
    std::ranges::copy(block.last(kept), tail_.end() - static_cast<std::ptrdiff_t>(kept));
    return block;
  }

 private:
  void count_marks(base::ByteView block) {
    std::string seam(base::as_text(tail_).substr(kTrailer - (kMark.size() - 1)));
    seam += base::as_text(block.first(std::min(block.size(), kMark.size() - 1)));
    if (seam.find(kMark) != std::string::npos) ++marks_;
    const std::string_view text = base::as_text(block);
    for (std::size_t at = text.find(kMark); at != std::string_view::npos && marks_ < 2; at = text.find(kMark, at + 1)) {
      ++marks_;
    }
  }

  std::unique_ptr<base::Source> source_;
  base::Bytes block_;
  unsigned marks_ = 0;
  std::array<std::byte, kTrailer> tail_{};
};

GzipSource::GzipSource(std::unique_ptr<base::Source> inner)
    : feed_(std::make_unique<TailFeed>(std::move(inner))), handle_(new_reader()) {
  // Both fixed, not guessed: a gzip file inside is content and must not be unpacked as well.
  if (archive_read_append_filter(handle_.get(), ARCHIVE_FILTER_GZIP) != ARCHIVE_OK ||
      archive_read_set_format(handle_.get(), ARCHIVE_FORMAT_RAW) != ARCHIVE_OK) {
    throw Error(ErrorCode::internal, "this libarchive reads no gzip");
  }
  open_reader(*handle_, *feed_);
  ::archive_entry* entry = nullptr;
  if (archive_read_next_header(handle_.get(), &entry) != ARCHIVE_OK) throw_failure(*handle_, *feed_);
}

GzipSource::~GzipSource() = default;

std::size_t GzipSource::read(std::span<std::byte> out) {
  while (block_.empty()) {
    if (done_) return 0;
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(handle_.get(), &data, &size, &offset);
    if (result == ARCHIVE_EOF) {
      check_end();
      done_ = true;
      return 0;
    }
    if (result != ARCHIVE_OK) throw_failure(*handle_, *feed_);
    block_ = {static_cast<const std::byte*>(data), size};
    crc_ = crc32(crc_, block_);
    size_ += size;
  }
  const std::size_t count = std::min(out.size(), block_.size());
  std::memcpy(out.data(), block_.data(), count);
  block_ = block_.subspan(count);
  return count;
}

void GzipSource::check_end() {
  const auto used = static_cast<std::uint64_t>(archive_filter_bytes(handle_.get(), 1));
  while (!feed_->next().empty()) {
  }
  if (used < kMinMember) throw Error(ErrorCode::truncated, "the gzip stream ends too early");
  if (feed_->position() != used) throw Error(ErrorCode::malformed, "data behind the end of the gzip stream");
  const std::uint32_t crc = little_endian(feed_->tail().first(4));
  const std::uint32_t length = little_endian(feed_->tail().last(4));
  const bool of_all = length == static_cast<std::uint32_t>(size_) && crc == crc_;
  const bool of_last = length < size_ && feed_->may_hold_members();
  if (!of_all && !of_last) {
    throw Error(ErrorCode::malformed, "the gzip stream does not have the checksum at its end");
  }
}

}  // namespace gapstow::archive
