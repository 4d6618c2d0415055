// LayoutFiles: the files of an image layout or docker archive by name, in a folder or an archive.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/digest/digest.h"

namespace gapstow::oci {

class LayoutFiles {
 public:
  virtual ~LayoutFiles() = default;
  /// The size of a regular file that is there.
  virtual std::optional<std::uint64_t> find(const std::string& name) const = 0;
  /// Error{not_found} when it is not there.
  virtual std::unique_ptr<base::Source> open(const std::string& name) = 0;
  /// Where a file that is there begins, so that many can be read in their order; all 0 where order does not matter.
  virtual std::uint64_t position(const std::string& name) const = 0;
  /// True when several threads may open and read.
  virtual bool is_parallel() const = 0;
};

/// Error{not_found} when there is no such folder.
std::unique_ptr<LayoutFiles> open_folder_files(base::ReadFs& fs, const std::string& path);
std::unique_ptr<LayoutFiles> open_archive_files(base::ReadFs& fs, const std::string& path);

/// A whole small file; Error{limit_exceeded} before anything is read.
base::Bytes read_small(LayoutFiles& files, const std::string& name, std::uint64_t limit);

/// "blobs/sha256/<hex>".
std::string blob_name(const digest::Digest& digest);

}  // namespace gapstow::oci
