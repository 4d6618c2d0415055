#include "gapstow/base/fd_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "gapstow/base/error.h"
#include "system_path.h"

namespace gapstow::base {
namespace {

[[noreturn]] void fail(ErrorCode code, const std::string& what, int error) {
  throw Error(code, what + ": " + std::generic_category().message(error));
}

int open_device(const std::string& path, int mode, ErrorCode code) {
  const int descriptor = ::open(system_path(path), mode | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) fail(code, "cannot open " + path, errno);
  return descriptor;
}

/// Returns once the descriptor is ready (or broken: then the call that follows says how), throws once cancelled.
void wait_for(int descriptor, short event, const CancelToken& cancel) {
  constexpr int kLookMilliseconds = 100;
  pollfd waiting{descriptor, event, 0};
  for (;;) {
    cancel.check();
    const int ready = ::poll(&waiting, 1, kLookMilliseconds);
    // A signal ends the wait as well (EINTR); it may be the one that cancels.
    if (ready > 0 || (ready < 0 && errno != EINTR)) return;
  }
}

}  // namespace

std::size_t FdSource::read(std::span<std::byte> out) {
  for (;;) {
    if (cancel_ != nullptr) wait_for(descriptor_, POLLIN, *cancel_);
    const ssize_t count = ::read(descriptor_, out.data(), out.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) fail(ErrorCode::io_read, "cannot read " + name_, errno);
  }
}

void FdSink::write(ByteView bytes) {
  while (!bytes.empty()) {
    if (cancel_ != nullptr) wait_for(descriptor_, POLLOUT, *cancel_);
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
