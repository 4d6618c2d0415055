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
  // A name may be as long as the file system allows; what we add must still fit.
  constexpr std::size_t kNamePart = 200;
  const std::string name = "." + file_name(path).substr(0, kNamePart) + "." + hex(random) + ".tmp";
  const std::string folder = parent_folder(path);
  if (folder == ".") return name;
  return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

AtomicFile::AtomicFile(WriteFs& fs, std::string path, std::uint32_t mode)
    : fs_(fs), path_(std::move(path)), temporary_(temporary_name(path_)), file_(fs.create(temporary_, mode)) {}

AtomicFile::~AtomicFile() {
  if (!pending_) return;
  file_.reset();
  remove_quietly(temporary_);
}

void AtomicFile::remove_quietly(const std::string& path) noexcept {
  try {
    fs_.remove(path);
  } catch (const std::exception&) {
    // Whatever made the run fail is already on its way up.
  }
}

void AtomicFile::publish() {
  file_.reset();
  fs_.rename(temporary_, path_);
  pending_ = false;
}

void AtomicFile::commit() {
  file_->sync();
  file_.reset();
  const bool replaces = fs_.status(path_).has_value();
  fs_.rename(temporary_, path_);
  pending_ = false;
  try {
    fs_.sync_folder(parent_folder(path_));
  } catch (const Error&) {
    // The old content is gone; where there was none, nothing of the failed run stays.
    if (!replaces) remove_quietly(path_);
    throw;
  }
}

void write_file(WriteFs& fs, const std::string& path, ByteView bytes, std::uint32_t mode) {
  AtomicFile file(fs, path, mode);
  file.file().write_at(0, bytes);
  file.commit();
}

}  // namespace gapstow::base
