// The file system as two interfaces: ReadFs looks, WriteFs also changes. All of gapstow's own file access
// (SQLite's excepted) goes through them, so that a test can fail every call in turn.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/stream.h"

namespace gapstow::base {

/// Which content of which file: another stamp means that the file was replaced or may have been written.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t node = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< nanoseconds since 1970
  std::int64_t changed = 0;   ///< likewise, of the status: no program can set it back
  bool operator==(const FileStamp&) const = default;
};

/// An open file with positions; reads and writes at different positions may run in parallel.
class File {
 public:
  virtual ~File() = default;
  /// Fills `out` from `offset` as far as the file goes; the count, 0 at or behind the end.
  virtual std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) = 0;
  /// Writes all of `bytes` at `offset`.
  virtual void write_at(std::uint64_t offset, ByteView bytes) = 0;
  virtual std::uint64_t size() = 0;
  /// Everything written is on the medium on return.
  virtual void sync() = 0;
  /// Asks the system to begin writing a range out; a hint that never fails.
  virtual void start_writeback(std::uint64_t offset, std::uint64_t length) = 0;
  /// Of the file as it is now. Files in memory have one stamp for ever.
  virtual FileStamp stamp() { return {}; }
};

struct FileStatus {
  enum class Kind { regular, folder, other };
  Kind kind = Kind::other;
  std::uint64_t size = 0;   ///< of a regular file
  std::uint32_t mode = 0;   ///< permission bits
  std::uint32_t owner = 0;  ///< user ID
};

class ReadFs {
 public:
  virtual ~ReadFs() = default;
  /// Error{not_found} or Error{io_read}; folders cannot be opened.
  virtual std::unique_ptr<File> open(const std::string& path) = 0;
  /// Follows links. Nothing where nothing is.
  virtual std::optional<FileStatus> status(const std::string& path) = 0;
  /// Names in a folder, sorted, without "." and "..".
  virtual std::vector<std::string> list(const std::string& folder) = 0;
};

class WriteFs : public ReadFs {
 public:
  /// A new file for reading and writing; Error{conflict} when the name is taken.
  virtual std::unique_ptr<File> create(const std::string& path, std::uint32_t mode) = 0;
  /// An existing regular file for reading and writing in place.
  virtual std::unique_ptr<File> open_for_update(const std::string& path) = 0;
  /// Atomic, replaces a file at `to`.
  virtual void rename(const std::string& from, const std::string& to) = 0;
  /// A file or an empty folder.
  virtual void remove(const std::string& path) = 0;
  virtual void make_folder(const std::string& path, std::uint32_t mode) = 0;
  /// The entries of the folder are on the medium on return.
  virtual void sync_folder(const std::string& path) = 0;
};

/// The real file system. Stateless; one object serves all threads. A path with a NUL is Error{malformed}.
class SystemFs final : public WriteFs {
 public:
  std::unique_ptr<File> open(const std::string& path) override;
  std::optional<FileStatus> status(const std::string& path) override;
  std::vector<std::string> list(const std::string& folder) override;
  std::unique_ptr<File> create(const std::string& path, std::uint32_t mode) override;
  std::unique_ptr<File> open_for_update(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  void make_folder(const std::string& path, std::uint32_t mode) override;
  void sync_folder(const std::string& path) override;
};

/// A file read from `offset` on, at most `length` bytes; the file outlives it.
class FileSource final : public Source {
 public:
  explicit FileSource(File& file, std::uint64_t offset = 0, std::uint64_t length = UINT64_MAX)
      : file_(file), at_(offset), left_(length) {}
  std::size_t read(std::span<std::byte> out) override;

 private:
  File& file_;
  std::uint64_t at_;
  std::uint64_t left_;
};

/// Writes into a file from `offset` on; finish() does not sync. The file outlives it.
class FileSink final : public Sink {
 public:
  explicit FileSink(File& file, std::uint64_t offset = 0) : file_(file), at_(offset) {}
  void write(ByteView bytes) override;
  void finish() override {}

 private:
  File& file_;
  std::uint64_t at_;
};

/// A whole small file, at most `limit` bytes.
Bytes read_file(ReadFs& fs, const std::string& path, std::uint64_t limit);

/// The folder part of a path ("." when there is none) and the last part, as dirname(1) and basename(1) cut it;
/// the last part of "/" is "".
std::string parent_folder(const std::string& path);
std::string file_name(const std::string& path);

}  // namespace gapstow::base
