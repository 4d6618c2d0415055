// GzipSource: the content of one or more gzip members, through libarchive. Source: RFC 1952.
#pragma once

#include <array>
#include <memory>

#include "feed.h"
#include "gapstow/base/stream.h"

namespace gapstow::archive {

/// libarchive inflates but compares no checksums. Where the stream is one member, the checksum and length at its end
/// are compared here; of several members (legal, rare) only their structure is checked.
class GzipSource final : public base::Source {
 public:
  explicit GzipSource(std::unique_ptr<base::Source> inner);
  ~GzipSource() override;
  std::size_t read(std::span<std::byte> out) override;

 private:
  class TailFeed;
  void check_end();

  std::unique_ptr<TailFeed> feed_;
  ReadHandle handle_;
  base::ByteView block_;
  std::uint32_t crc_ = 0;
  std::uint64_t size_ = 0;
  bool done_ = false;
};

}  // namespace gapstow::archive
