// Foreign tar archives, plain or compressed, read through libarchive and held to a narrow form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"

namespace gapstow::archive {

/// Limits with reasons: a foreign archive is read before anything in it is trusted.
struct ArchiveLimits {
  std::size_t entries = 400'000;               ///< 20,000 blobs need 20,003
  std::size_t name_bytes = 1024;               ///< "blobs/sha512/<128 hex>" needs 141
  std::uint64_t expansion_ratio = 1100;        ///< gzip cannot exceed 1032; more than this is a bomb
  std::uint64_t expansion_base = 64ULL << 20;  ///< so that small archives may compress well
};

/// A member of an archive. Folders are left out; every other kind than a regular file or a link is refused.
struct Member {
  std::string name;  ///< normalised: no "./", no leading "/", never ".."
  std::uint64_t size = 0;
  std::string link;            ///< of a link within the archive (classic docker archives): normalised target name
  std::uint64_t position = 0;  ///< of its header in the (decompressed) archive
  std::uint64_t content = 0;   ///< of its first byte, likewise
};

/// An archive on a file: all members are listed once, contents are opened by name. Plain archives give parallel
/// access; compressed ones are read anew from the start when a member lies behind.
class ArchiveReader {
 public:
  /// Lists the archive: of a plain one only headers are read. Error{malformed} for anything that is no tar, for
  /// absolute names, "..", duplicate names, links that lead out of the archive, sparse files, devices, sizes that lie,
  /// data behind the end; Error{truncated} also where the end-of-archive blocks are missing; Error{limit_exceeded} for
  /// bombs; Error{unsupported} for other compressions than gzip and zstd.
  /// `path` is opened through `fs` and kept open.
  static std::unique_ptr<ArchiveReader> open(base::ReadFs& fs, const std::string& path,
                                             const ArchiveLimits& limits = {});
  virtual ~ArchiveReader() = default;

  virtual const std::vector<Member>& members() const = 0;
  /// A regular member, links followed (within the archive, at most 8 deep).
  virtual const Member* find(const std::string& name) const = 0;
  /// The content of a regular member, exactly its size, else Error{truncated}. The reader outlives the stream.
  virtual std::unique_ptr<base::Source> open_member(const Member& member) = 0;
  /// True when open_member() and its streams may be used from several threads.
  virtual bool is_parallel() const = 0;
};

}  // namespace gapstow::archive
