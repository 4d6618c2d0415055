#include "feed.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gapstow/base/text.h"

namespace gapstow::archive {
namespace {

/// Listing a large archive reads one such block for each header.
constexpr std::size_t kFileBlock = 16UL << 10;

la_ssize_t read_callback(::archive* handle, void* data, const void** out) {
  auto& feed = *static_cast<Feed*>(data);
  try {
    const base::ByteView block = feed.next();
    *out = block.data();
    return static_cast<la_ssize_t>(block.size());
  } catch (const base::Error& error) {
    feed.failed = error;
  } catch (const std::exception& error) {
    feed.failed = base::Error(base::ErrorCode::internal, error.what());
  }
  archive_set_error(handle, EIO, "reading failed");
  return ARCHIVE_FATAL;
}

la_int64_t skip_callback(::archive*, void* data, la_int64_t count) {
  auto& feed = *static_cast<Feed*>(data);
  return static_cast<la_int64_t>(feed.skip(static_cast<std::uint64_t>(std::max<la_int64_t>(count, 0))));
}

}  // namespace

base::ByteView Feed::next() {
  const std::uint64_t start = position_;
  const base::ByteView block = load();
  position_ += block.size();
  if (block.empty()) ended_ = true;
  const auto last = std::find_if(block.rbegin(), block.rend(), [](std::byte b) { return b != std::byte{0}; });
  if (last != block.rend()) last_content_ = start + static_cast<std::uint64_t>(block.rend() - last);
  return block;
}

std::uint64_t Feed::skip(std::uint64_t) { return 0; }

FileFeed::FileFeed(base::File& file) : file_(file), size_(file.size()), block_(kFileBlock) {}

std::uint64_t FileFeed::skip(std::uint64_t count) {
  const std::uint64_t passed = std::min(count, size_ - std::min(size_, position_));
  position_ += passed;
  return passed;
}

bool FileFeed::peek(std::uint64_t position, std::span<std::byte> out) {
  return file_.read_at(position, out) == out.size();
}

base::ByteView FileFeed::load() {
  const std::size_t count = file_.read_at(position_, block_);
  return base::ByteView(block_).first(count);
}

StreamFeed::StreamFeed(std::unique_ptr<base::Source> source) : source_(std::move(source)) {
  for (auto& block : blocks_) block.bytes.resize(base::kChunkSize);
}

bool StreamFeed::peek(std::uint64_t position, std::span<std::byte> out) {
  for (std::size_t i = 1; i <= 2 && !out.empty(); ++i) {
    const Block& block = blocks_[(current_ + i) % 2];
    if (position < block.start || position >= block.start + block.size) continue;
    const auto from = base::ByteView(block.bytes).first(block.size).subspan(position - block.start);
    const std::size_t count = std::min(from.size(), out.size());
    std::memcpy(out.data(), from.data(), count);
    out = out.subspan(count);
    position += count;
  }
  return out.empty();
}

base::ByteView StreamFeed::load() {
  Block& block = blocks_[(current_ + 1) % 2];
  const std::size_t count = base::read_full(*source_, block.bytes);
  if (count == 0) return {};
  block.start = position_;
  block.size = count;
  current_ = (current_ + 1) % 2;
  return base::ByteView(block.bytes).first(count);
}

ReadHandle new_reader() {
  ReadHandle handle(archive_read_new());
  if (handle == nullptr) throw base::Error(base::ErrorCode::internal, "no memory for an archive reader");
  return handle;
}

void open_reader(::archive& handle, Feed& feed) {
  archive_read_set_callback_data(&handle, &feed);
  archive_read_set_read_callback(&handle, read_callback);
  archive_read_set_skip_callback(&handle, skip_callback);
  if (archive_read_open1(&handle) != ARCHIVE_OK) throw_failure(handle, feed);
}

void throw_failure(::archive& handle, const Feed& feed) {
  if (feed.failed) throw base::Error(*feed.failed);
  const char* text = archive_error_string(&handle);
  const std::string why = text == nullptr ? "unknown fault" : base::printable(text);
  if (feed.ended()) {
    throw base::Error(base::ErrorCode::truncated, "ends too early, at byte " + std::to_string(feed.position()));
  }
  throw base::Error(base::ErrorCode::malformed, why);
}

}  // namespace gapstow::archive
