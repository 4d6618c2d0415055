#include "gapstow/base/atomic_file.h"

#include <sys/random.h>

#include <array>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"

namespace gapstow::base {

std::string temporary_name(const std::string& path) {
  std::array<std::byte, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    throw Error(ErrorCode::internal, "the system gives no random bytes");
  }
  const std::string folder = parent_folder(path);
  const std::string prefix = folder == "." && path.rfind("./", 0) != 0 ? "" : folder + "/";
  return prefix + "." + file_name(path) + "." + hex(random) + ".tmp";
}

AtomicFile::AtomicFile(WriteFs& fs, std::string path, std::uint32_t mode)
    : fs_(fs), path_(std::move(path)), temporary_(temporary_name(path_)), file_(fs.create(temporary_, mode)) {}

AtomicFile::~AtomicFile() {
  if (!pending_) return;
  file_.reset();
  try {
    fs_.remove(temporary_);
  } catch (const Error&) {
    // The file is under a temporary name; whatever made the run fail is already on its way up.
  }
}

void AtomicFile::commit() {
  file_->sync();
  file_.reset();
  fs_.rename(temporary_, path_);
  pending_ = false;
  fs_.sync_folder(parent_folder(path_));
}

void write_file(WriteFs& fs, const std::string& path, ByteView bytes, std::uint32_t mode) {
  AtomicFile file(fs, path, mode);
  file.file().write_at(0, bytes);
  file.commit();
}

}  // namespace gapstow::base
