// One file in memory, for targets that open archives.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/base/fs.h"

namespace gapstow::fuzz {

class MemoryFile final : public base::File {
 public:
  explicit MemoryFile(base::ByteView bytes) : bytes_(bytes) {}
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset >= bytes_.size()) return 0;
    const auto rest = bytes_.subspan(offset);
    const std::size_t count = std::min(rest.size(), out.size());
    std::ranges::copy(rest.first(count), out.begin());
    return count;
  }
  void write_at(std::uint64_t, base::ByteView) override {}
  std::uint64_t size() override { return bytes_.size(); }
  void sync() override {}
  void start_writeback(std::uint64_t, std::uint64_t) override {}

 private:
  base::ByteView bytes_;
};

/// Every path is the same file.
class OneFile final : public base::ReadFs {
 public:
  explicit OneFile(base::ByteView bytes) : bytes_(bytes) {}
  std::unique_ptr<base::File> open(const std::string&) override { return std::make_unique<MemoryFile>(bytes_); }
  std::optional<base::FileStatus> status(const std::string&) override {
    base::FileStatus status;
    status.kind = base::FileStatus::Kind::regular;
    status.size = bytes_.size();
    return status;
  }
  std::vector<std::string> list(const std::string&) override { return {}; }

 private:
  base::ByteView bytes_;
};

}  // namespace gapstow::fuzz
