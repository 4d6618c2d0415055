#include "gapstow/base/fd_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "gapstow/base/error.h"

namespace gapstow::base {
namespace {

[[noreturn]] void fail(ErrorCode code, const std::string& what, int error) {
  throw Error(code, what + ": " + std::generic_category().message(error));
}

int open_device(const std::string& path, int mode, ErrorCode code) {
  const int descriptor = ::open(path.c_str(), mode | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) fail(code, "cannot open " + path, errno);
  return descriptor;
}

}  // namespace

void FdSource::wait_for_data() const {
  constexpr int kLookMilliseconds = 100;
  pollfd waiting{descriptor_, POLLIN, 0};
  do {
    cancel_->check();
  } while (::poll(&waiting, 1, kLookMilliseconds) == 0);
}

std::size_t FdSource::read(std::span<std::byte> out) {
  for (;;) {
    if (cancel_ != nullptr) wait_for_data();
    const ssize_t count = ::read(descriptor_, out.data(), out.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) fail(ErrorCode::io_read, "cannot read " + name_, errno);
  }
}

void FdSink::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(ErrorCode::io_write, "cannot write " + name_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

DeviceSource::DeviceSource(const std::string& path)
    : descriptor_(open_device(path, O_RDONLY, ErrorCode::io_read)), inner_(descriptor_, path) {}

DeviceSource::~DeviceSource() { ::close(descriptor_); }

DeviceSink::DeviceSink(const std::string& path)
    : descriptor_(open_device(path, O_WRONLY, ErrorCode::io_write)), inner_(descriptor_, path) {}

DeviceSink::~DeviceSink() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void DeviceSink::finish() {
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) fail(ErrorCode::io_write, "cannot close output", errno);
}

}  // namespace gapstow::base
