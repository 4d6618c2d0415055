// Tar archives for tests, proper and hostile ones, made byte by byte without any library; and files in memory.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gapstow/base/fs.h"

namespace gapstow::test {

/// The fields of one header block; what is not set is what GNU tar writes.
struct TarHeader {
  std::string name;
  std::uint64_t size = 0;
  char type = '0';
  std::string link;
  std::string prefix;
  std::string size_field;  ///< written as it is, instead of `size`
  int checksum_error = 0;  ///< added to the right checksum
};

/// Appends members one by one; finish() adds the two zero blocks.
class TarMaker {
 public:
  TarMaker& file(const std::string& name, std::string_view content);
  TarMaker& folder(const std::string& name);
  TarMaker& symlink(const std::string& name, const std::string& target);
  TarMaker& hardlink(const std::string& name, const std::string& target);
  /// A header and whatever content, padded; the content need not be as long as the header says.
  TarMaker& member(const TarHeader& header, std::string_view content = {});
  /// An extended ('x') or global ('g') header with these records, in front of the next member.
  TarMaker& pax(const std::vector<std::pair<std::string, std::string>>& records, char type = 'x');
  /// GNU's long name ('L') or long link ('K') for the next member.
  TarMaker& gnu_long(std::string_view text, char type = 'L');
  TarMaker& raw(std::string_view bytes);
  /// Without the end-of-archive blocks.
  const std::string& bytes() const { return bytes_; }
  std::string finish(std::size_t zero_blocks = 2) const;

 private:
  std::string bytes_;
};

/// One gzip member with stored (uncompressed) blocks, or one zstd frame, or gzip that really compresses.
std::string gzip_stored(std::string_view content);
std::string gzip(std::string_view content);
std::string zstd(std::string_view content);

/// Files in memory to read.
class MemoryFs final : public base::ReadFs {
 public:
  MemoryFs() = default;
  MemoryFs(const std::string& path, std::string content) { add(path, std::move(content)); }
  void add(const std::string& path, std::string content);
  std::unique_ptr<base::File> open(const std::string& path) override;
  std::optional<base::FileStatus> status(const std::string& path) override;
  std::vector<std::string> list(const std::string& folder) override;
  /// Bytes read from all files so far.
  std::uint64_t bytes_read() const { return *bytes_read_; }

 private:
  std::map<std::string, std::shared_ptr<const std::string>> files_;
  std::shared_ptr<std::uint64_t> bytes_read_ = std::make_shared<std::uint64_t>(0);
};

/// Everything a source gives, as text.
std::string drain(base::Source& source);

}  // namespace gapstow::test
