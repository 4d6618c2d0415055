// TarCursor: one pass over a tar, entry by entry, through libarchive.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "feed.h"

namespace gapstow::archive {

struct TarEntry {
  enum class Kind { regular, link, folder };
  Kind kind = Kind::regular;
  std::string name;            ///< normal
  std::string link;            ///< of a link: the normal name it leads to
  std::uint64_t size = 0;      ///< of a regular file
  std::uint64_t position = 0;  ///< of the first header
  std::uint64_t content = 0;   ///< of the first byte
};

/// All Errors of ArchiveReader::open() come from here.
class TarCursor {
 public:
  explicit TarCursor(std::unique_ptr<Feed> feed);

  /// The next entry; nothing behind the last one, after everything up to the end of the stream was found to be a
  /// proper end of archive.
  std::optional<TarEntry> next();
  /// Content of the entry that next() gave; 0 when all of it was read.
  std::size_t read(std::span<std::byte> out);

 private:
  TarEntry take_entry(::archive_entry& entry);
  void check_place(std::uint64_t position) const;
  void check_end(std::uint64_t position);

  std::unique_ptr<Feed> feed_;
  ReadHandle handle_;
  std::uint64_t entry_end_ = 0;  ///< where the content of the last entry ends, padding included
  base::ByteView block_;         ///< content that libarchive gave and nobody took
  std::uint64_t left_ = 0;       ///< content behind block_
  std::uint64_t offset_ = 0;
};

}  // namespace gapstow::archive
