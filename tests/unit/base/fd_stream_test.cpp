#include "gapstow/base/fd_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "gapstow/base/fs.h"
#include "support/error_of.h"
#include "support/temp_folder.h"

using namespace gapstow;
using namespace gapstow::base;

namespace {

class Pipe {
 public:
  Pipe() {
    REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
    std::signal(SIGPIPE, SIG_IGN);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_reader();
    close_writer();
  }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_reader() { close_end(ends_[0]); }
  void close_writer() { close_end(ends_[1]); }

 private:
  static void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

}  // namespace

TEST_CASE("a pipe carries bytes from a sink to a source") {
  Pipe pipe;
  const Bytes bytes(300'000, std::byte{5});
  std::thread writer([&] {
    FdSink sink(pipe.writer(), "pipe");
    sink.write(bytes);
    sink.finish();
    pipe.close_writer();
  });
  FdSource source(pipe.reader(), "pipe");
  const Bytes got = read_all(source, UINT64_MAX);
  writer.join();
  CHECK(equal(got, bytes));
  std::byte more{};
  CHECK(source.read({&more, 1}) == 0);
}

TEST_CASE("a closed reader is a failed write") {
  Pipe pipe;
  pipe.close_reader();
  FdSink sink(pipe.writer(), "pipe");
  REQUIRE_ERROR(io_write, sink.write(as_bytes("x")));
}

TEST_CASE("a bad descriptor is a failed read") {
  constexpr int kNotOpen = 999'999;
  FdSource source(kNotOpen, "nothing");
  std::byte out{};
  REQUIRE_ERROR(io_read, source.read({&out, 1}));
  const CancelToken token;
  FdSource waiting(kNotOpen, "nothing", &token);
  REQUIRE_ERROR(io_read, waiting.read({&out, 1}));
}

TEST_CASE("waiting ends with the token") {
  Pipe pipe;
  CancelToken token;
  FdSource source(pipe.reader(), "pipe", &token);
  FdSink sink(pipe.writer(), "pipe", &token);
  sink.write(as_bytes("abc"));
  pipe.close_writer();
  CHECK(read_all(source, 10) == to_bytes("abc"));

  Pipe idle;
  FdSource blocked(idle.reader(), "pipe", &token);
  std::thread canceller([&] { token.cancel(); });
  std::byte out{};
  REQUIRE_ERROR(interrupted, blocked.read({&out, 1}));
  canceller.join();
  FdSink late(idle.writer(), "pipe", &token);
  REQUIRE_ERROR(interrupted, late.write(as_bytes("x")));
}

TEST_CASE("devices are opened by name") {
  DeviceSink null("/dev/null");
  null.write(as_bytes("abc"));
  null.finish();
  DeviceSink full("/dev/full");
  REQUIRE_ERROR(io_write, full.write(as_bytes("abc")));
  DeviceSource zero("/dev/zero");
  Bytes out(10, std::byte{1});
  read_exact(zero, out);
  CHECK(out == Bytes(10));
  const test::TempFolder folder;
  REQUIRE_ERROR(io_read, DeviceSource(folder / "absent"));
  REQUIRE_ERROR(io_write, DeviceSink(folder / "absent"));
  CHECK_FALSE(SystemFs().status(folder / "absent").has_value());
  REQUIRE_ERROR(malformed, DeviceSource(std::string("/dev/null\0", 10)));
}
