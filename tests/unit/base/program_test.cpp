#include "gapstow/base/program.h"

#include <signal.h>

#include <catch2/catch.hpp>

#include "support/error_of.h"

using namespace gapstow;
using base::ErrorCode;
using base::ProgramRequest;

namespace {

base::ProgramResult shell(const std::string& script, base::Source* input = nullptr) {
  return base::run_program({{"sh", "-c", script}, input}, base::CancelToken());
}

/// Gives zeros for as long as anybody reads.
class Endless final : public base::Source {
 public:
  std::size_t read(std::span<std::byte> out) override {
    std::ranges::fill(out, std::byte{});
    return out.size();
  }
};

class Failing final : public base::Source {
 public:
  std::size_t read(std::span<std::byte>) override { throw base::Error(ErrorCode::digest_mismatch, "not what it was"); }
};

}  // namespace

TEST_CASE("programs say something and end", "[program]") {
  const auto result = shell("echo one; echo two >&2; printf 'three\\033\\n\\n' >&2; exit 7");
  CHECK(result.exit_code == 7);
  CHECK(result.output == "one\n");
  CHECK(result.errors == "three\\x1b");
  CHECK(shell("kill -9 $$").exit_code == 128 + SIGKILL);
  CHECK(shell("cat").output.empty());
}

TEST_CASE("programs are fed while they speak", "[program]") {
  const std::string much(3'000'000, 'x');
  base::MemorySource source(base::as_bytes(much));
  CHECK(shell("cat", &source).output == much);
}

TEST_CASE("a program may stop reading", "[program]") {
  Endless zeros;
  const auto result = shell("head -c 10 >/dev/null; echo enough; exit 3", &zeros);
  CHECK(result.exit_code == 3);
  CHECK(result.output == "enough\n");
}

TEST_CASE("programs that fail to behave", "[program]") {
  const base::CancelToken go;
  REQUIRE_ERROR(not_found, base::run_program({{"gapstow-no-such-program"}}, go));
  REQUIRE_ERROR(limit_exceeded, base::run_program({{"sh", "-c", "yes"}, nullptr, base::kProgramPatience, 100'000}, go));
  REQUIRE_ERROR(network, base::run_program({{"sleep", "1000"}, nullptr, std::chrono::milliseconds(100)}, go));
  // Its ends are closed, and yet it stays.
  REQUIRE_ERROR(network, base::run_program(
                             {{"sh", "-c", "exec sleep 1000 >&- 2>&-"}, nullptr, std::chrono::milliseconds(100)}, go));
  CHECK(shell("yes no | head -c 300000 >&2; echo last >&2").errors == "last");
  Failing source;
  REQUIRE_ERROR(digest_mismatch, shell("cat", &source));
  base::CancelToken stop;
  stop.cancel();
  REQUIRE_ERROR(interrupted, base::run_program({{"sleep", "1000"}}, stop));
}

TEST_CASE("signals and descriptors are the program's own", "[program]") {
  // SIGPIPE ends it as it would from a shell, whatever this process does with it.
  ::signal(SIGPIPE, SIG_IGN);
  CHECK(shell("yes | head -n 1; echo done").output == "y\ndone\n");
  ::signal(SIGPIPE, SIG_DFL);
  Endless zeros;
  CHECK(shell("exec 0<&-; exit 0", &zeros).exit_code == 0);
}
