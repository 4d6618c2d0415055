// AtomicFile: a file that appears under its name wholly or not at all.
#pragma once

#include <memory>
#include <string>

#include "gapstow/base/fs.h"

namespace gapstow::base {

/// Written under a temporary name beside the final one; commit() syncs and renames. Destroyed without a
/// commit it removes the temporary file. One thread commits; writes may be parallel.
class AtomicFile {
 public:
  AtomicFile(WriteFs& fs, std::string path, std::uint32_t mode = 0644);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  File& file() { return *file_; }
  const std::string& path() const { return path_; }
  /// As commit(), without waiting for the medium: for content that proves itself when it is read, so that a power cut
  /// can cost the file but cannot pass a torn one off as whole (docs/decisions/0001-no-sync-after-pack.md).
  void publish();
  /// Sync, rename over the final name, sync the folder. Throws Error{io_write}; then nothing is under a new name,
  /// and an old file is still the old one, or, where only the folder's sync failed, wholly the new one.
  void commit();

 private:
  void remove_quietly(const std::string& path) noexcept;

  WriteFs& fs_;
  std::string path_;
  std::string temporary_;
  std::unique_ptr<File> file_;
  bool pending_ = true;
};

/// Writes a small file atomically.
void write_file(WriteFs& fs, const std::string& path, ByteView bytes, std::uint32_t mode = 0644);

/// A name beside `path` that no other process uses: ".<name>.<random>.tmp".
std::string temporary_name(const std::string& path);

}  // namespace gapstow::base
