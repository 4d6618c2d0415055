// Feed: what libarchive reads from. Errors wait here while libarchive's C frames are on the stack.
#pragma once

#include <archive.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gapstow/base/bytes.h"
#include "gapstow/base/error.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"

namespace gapstow::archive {

/// Blocks of one stream, in order. Knows how far the stream went and where its last byte that is not zero lay.
class Feed {
 public:
  virtual ~Feed() = default;

  /// The next block, valid until the call after next; empty at the end.
  base::ByteView next();
  /// Passes over at most `count` bytes without reading them; how many were passed.
  virtual std::uint64_t skip(std::uint64_t count);
  /// Bytes that were handed out already, at their position in the stream; false when they are gone.
  virtual bool peek(std::uint64_t position, std::span<std::byte> out) = 0;

  /// Bytes handed out or passed over.
  std::uint64_t position() const { return position_; }
  /// True once the end was asked for and met.
  bool ended() const { return ended_; }
  /// Offset behind the last byte handed out that is not zero.
  std::uint64_t last_content() const { return last_content_; }

  std::optional<base::Error> failed;  ///< what next() threw, to be thrown again outside of libarchive

 protected:
  virtual base::ByteView load() = 0;
  std::uint64_t position_ = 0;

 private:
  bool ended_ = false;
  std::uint64_t last_content_ = 0;
};

/// A file whose unread parts can be skipped.
class FileFeed final : public Feed {
 public:
  explicit FileFeed(base::File& file);
  std::uint64_t skip(std::uint64_t count) override;
  bool peek(std::uint64_t position, std::span<std::byte> out) override;

 protected:
  base::ByteView load() override;

 private:
  base::File& file_;
  std::uint64_t size_;
  base::Bytes block_;
};

/// A stream; the last two blocks stay in memory.
class StreamFeed final : public Feed {
 public:
  explicit StreamFeed(std::unique_ptr<base::Source> source);
  bool peek(std::uint64_t position, std::span<std::byte> out) override;

 protected:
  base::ByteView load() override;

 private:
  struct Block {
    base::Bytes bytes;
    std::uint64_t start = 0;
    std::size_t size = 0;
  };
  std::unique_ptr<base::Source> source_;
  Block blocks_[2];
  std::size_t current_ = 0;
};

struct ReadDeleter {
  void operator()(::archive* handle) const { archive_read_free(handle); }
};
using ReadHandle = std::unique_ptr<::archive, ReadDeleter>;

/// A libarchive reader without any format or filter. Error{internal} when there is no memory for one.
ReadHandle new_reader();
/// Starts reading; `feed` must outlive the handle.
void open_reader(::archive& handle, Feed& feed);
/// Throws what the last call on `handle` met: the feed's own error, Error{truncated} at the end of the feed, else
/// Error{malformed}.
[[noreturn]] void throw_failure(::archive& handle, const Feed& feed);

}  // namespace gapstow::archive
