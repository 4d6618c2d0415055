#include "gapstow/base/fs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "gapstow/base/error.h"
#include "system_path.h"

namespace gapstow::base {
namespace {

/// How to go on after what a user can change.
const char* advice(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "make room there, then run the same command again";
    case EROFS:
      return "name a place that can be written";
    default:
      return "";
  }
}

[[noreturn]] void fail(ErrorCode code, const std::string& what, int error) {
  throw Error(code, what + ": " + std::generic_category().message(error), advice(error));
}

ErrorCode read_code(int error) {
  return error == ENOENT || error == ENOTDIR ? ErrorCode::not_found : ErrorCode::io_read;
}

constexpr std::uint64_t kMaxOffset = INT64_MAX;

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

class SystemFile final : public File {
 public:
  SystemFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  SystemFile(const SystemFile&) = delete;
  SystemFile& operator=(const SystemFile&) = delete;
  ~SystemFile() override { ::close(descriptor_); }

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
    std::size_t done = 0;
    while (done < out.size() && offset + done <= kMaxOffset) {
      const ssize_t count =
          ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (count == 0) break;
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(ErrorCode::io_read, "cannot read " + path_, errno);
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  void write_at(std::uint64_t offset, ByteView bytes) override {
    if (offset > kMaxOffset || bytes.size() > kMaxOffset - offset)
      fail(ErrorCode::io_write, "cannot write " + path_, EFBIG);
    while (!bytes.empty()) {
      const ssize_t count = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(ErrorCode::io_write, "cannot write " + path_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
  }

  std::uint64_t size() override {
    struct stat info{};
    if (::fstat(descriptor_, &info) != 0) fail(ErrorCode::io_read, "cannot examine " + path_, errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

  void sync() override {
    if (::fdatasync(descriptor_) != 0) fail(ErrorCode::io_write, "cannot sync " + path_, errno);
  }

  void start_writeback(std::uint64_t offset, std::uint64_t length) override {
    ::sync_file_range(descriptor_, static_cast<off64_t>(offset), static_cast<off64_t>(length), SYNC_FILE_RANGE_WRITE);
  }

  FileStamp stamp() override {
    struct stat info{};
    if (::fstat(descriptor_, &info) != 0) fail(ErrorCode::io_read, "cannot examine " + path_, errno);
    return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size), nanoseconds(info.st_mtim),
            nanoseconds(info.st_ctim)};
  }

 private:
  int descriptor_;
  std::string path_;
};

}  // namespace

std::unique_ptr<File> SystemFs::open(const std::string& path) {
  const int descriptor = ::open(system_path(path), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(read_code(errno), "cannot open " + path, errno);
  auto file = std::make_unique<SystemFile>(descriptor, path);
  struct stat info{};
  if (::fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) fail(ErrorCode::io_read, "cannot open " + path, EISDIR);
  return file;
}

std::optional<FileStatus> SystemFs::status(const std::string& path) {
  struct stat info{};
  if (::stat(system_path(path), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail(ErrorCode::io_read, "cannot examine " + path, errno);
  }
  FileStatus status;
  status.kind = S_ISREG(info.st_mode)   ? FileStatus::Kind::regular
                : S_ISDIR(info.st_mode) ? FileStatus::Kind::folder
                                        : FileStatus::Kind::other;
  status.size = static_cast<std::uint64_t>(info.st_size);
  status.mode = info.st_mode & 07777;
  status.owner = info.st_uid;
  return status;
}

std::vector<std::string> SystemFs::list(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator it(system_path(folder), error);
  for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) fail(read_code(error.value()), "cannot list " + folder, error.value());
  std::ranges::sort(names);
  return names;
}

std::unique_ptr<File> SystemFs::create(const std::string& path, std::uint32_t mode) {
  const int descriptor = ::open(system_path(path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (descriptor < 0) {
    fail(errno == EEXIST ? ErrorCode::conflict : ErrorCode::io_write, "cannot create " + path, errno);
  }
  return std::make_unique<SystemFile>(descriptor, path);
}

std::unique_ptr<File> SystemFs::open_for_update(const std::string& path) {
  const int descriptor = ::open(system_path(path), O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    fail(errno == ENOENT || errno == ENOTDIR ? ErrorCode::not_found : ErrorCode::io_write, "cannot open " + path,
         errno);
  }
  auto file = std::make_unique<SystemFile>(descriptor, path);
  struct stat info{};
  if (::fstat(descriptor, &info) != 0) fail(ErrorCode::io_write, "cannot examine " + path, errno);
  if (!S_ISREG(info.st_mode)) throw Error(ErrorCode::io_write, "cannot update " + path + ": not a regular file");
  return file;
}

void SystemFs::rename(const std::string& from, const std::string& to) {
  if (::rename(system_path(from), system_path(to)) != 0) fail(ErrorCode::io_write, "cannot rename to " + to, errno);
}

void SystemFs::remove(const std::string& path) {
  if (::remove(system_path(path)) != 0) fail(ErrorCode::io_write, "cannot remove " + path, errno);
}

void SystemFs::make_folder(const std::string& path, std::uint32_t mode) {
  if (::mkdir(system_path(path), mode) != 0) {
    fail(errno == EEXIST ? ErrorCode::conflict : ErrorCode::io_write, "cannot make folder " + path, errno);
  }
}

void SystemFs::sync_folder(const std::string& path) {
  const int descriptor = ::open(system_path(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail(ErrorCode::io_write, "cannot open folder " + path, errno);
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  // Some file systems cannot sync a folder (EINVAL); that is their durability, not a failure of ours.
  if (result != 0 && error != EINVAL) fail(ErrorCode::io_write, "cannot sync folder " + path, error);
}

std::size_t FileSource::read(std::span<std::byte> out) {
  const std::size_t count = file_.read_at(at_, out.first(std::min<std::uint64_t>(out.size(), left_)));
  at_ += count;
  left_ -= count;
  return count;
}

void FileSink::write(ByteView bytes) {
  file_.write_at(at_, bytes);
  at_ += bytes.size();
}

Bytes read_file(ReadFs& fs, const std::string& path, std::uint64_t limit) {
  const auto file = fs.open(path);
  FileSource source(*file);
  return with_context(path, [&] { return read_all(source, limit); });
}

namespace {

/// Without slashes at the end, but for the root itself.
std::string_view without_trailing_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

}  // namespace

std::string parent_folder(const std::string& path) {
  const std::string_view trimmed = without_trailing_slashes(path);
  const std::size_t slash = trimmed.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(without_trailing_slashes(trimmed.substr(0, std::max<std::size_t>(slash, 1))));
}

std::string file_name(const std::string& path) {
  const std::string_view trimmed = without_trailing_slashes(path);
  return std::string(trimmed.substr(trimmed.rfind('/') + 1));
}

}  // namespace gapstow::base
