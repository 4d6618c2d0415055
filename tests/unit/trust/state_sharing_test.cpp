// Several processes and threads, and processes that die.
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>

#include "gapstow/trust/state.h"
#include "support/error_of.h"
#include "support/trust_samples.h"
#include "support/trust_state_file.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using base::Time;
using test::error_of;
using test::sample_record;
using test::StateFile;
using test::update_to;
using test::version_in;
using trust::State;

constexpr std::chrono::milliseconds kShort{20};

/// Runs `body` in a child that ends with its result.
pid_t spawn(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int result = 99;
  try {
    result = body();
  } catch (const base::Error& error) {
    result = 100 + static_cast<int>(error.code());
  } catch (...) {
    result = 98;
  }
  ::_exit(result);
}

int result_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Runs `body` in a child without the rights of root.
int as_nobody(const std::function<int()>& body) {
  return result_of(spawn([&] {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 97;
    return body();
  }));
}

constexpr int as_result(ErrorCode code) { return 100 + static_cast<int>(code); }

TEST_CASE("a second import waits, and then checks again") {
  const StateFile file;
  const auto first = State::open_or_create(file.path());
  const auto second = State::open_or_create(file.path());
  first->commit(sample_record("b1"), {update_to(7)}, Time{});
  REQUIRE_ERROR(rollback, second->commit(sample_record("b2"), {update_to(6)}, Time{}));
  second->commit(sample_record("b2"), {update_to(8)}, Time{});
  REQUIRE(version_in(*first) == 8);
}

TEST_CASE("who waits too long is told that another import is running") {
  const StateFile file;
  State::open_or_create(file.path())->remember({update_to(1)});
  std::array<int, 2> ready{};
  std::array<int, 2> done{};
  REQUIRE(::pipe(ready.data()) == 0);
  REQUIRE(::pipe(done.data()) == 0);
  const pid_t child = spawn([&] {
    // Holds the write lock through a foreign connection until told to end.
    const auto hold = [&] {
      char c = 'x';
      if (::write(ready[1], &c, 1) != 1) return 1;
      return ::read(done[0], &c, 1) == 1 ? 0 : 1;
    };
    return test::with_write_lock(file.path(), hold);
  });
  char c = 0;
  REQUIRE(::read(ready[0], &c, 1) == 1);
  {
    const auto reader = State::open_existing(file.path(), kShort);
    REQUIRE(version_in(*reader) == 1);
    const auto writer = State::open_or_create(file.path(), kShort);
    REQUIRE_ERROR(state_unavailable, writer->remember({update_to(2)}));
  }
  REQUIRE(::write(done[1], "x", 1) == 1);
  REQUIRE(result_of(child) == 0);
  for (const int descriptor : {ready[0], ready[1], done[0], done[1]}) ::close(descriptor);
  State::open_or_create(file.path())->remember({update_to(3)});
}

TEST_CASE("threads with a state each lose nothing") {
  const StateFile file;
  constexpr unsigned kThreads = 4;
  constexpr unsigned kCommits = 15;
  std::array<unsigned, kThreads> kept{};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const auto error = error_of([&] {
        const auto state = State::open_or_create(file.path());
        for (unsigned i = 1; i <= kCommits; ++i) {
          const auto refused = error_of([&] { state->commit(sample_record("b"), {update_to(i * 4 + t)}, Time{i, 0}); });
          if (!refused) ++kept[t];
          if (refused && *refused != ErrorCode::rollback) kept[t] = 1000;
        }
      });
      if (error) kept[t] = 2000;
    });
  }
  for (auto& thread : threads) thread.join();
  const auto state = State::open_existing(file.path());
  REQUIRE(version_in(*state) == kCommits * 4 + kThreads - 1);
  REQUIRE(state->history(1000).size() == kept[0] + kept[1] + kept[2] + kept[3]);
  REQUIRE(file.names() == std::vector<std::string>{"state.db"});
}

TEST_CASE("processes that create at once end with one database") {
  for (int round = 0; round < 5; ++round) {
    const StateFile file;
    std::vector<pid_t> children;
    for (unsigned p = 0; p < 4; ++p) {
      children.push_back(spawn([&] {
        State::open_or_create(file.path())->commit(sample_record("b"), {update_to(1, std::to_string(p))}, Time{});
        return 0;
      }));
    }
    for (const pid_t child : children) REQUIRE(result_of(child) == 0);
    REQUIRE(State::open_existing(file.path())->history(9).size() == 4);
    REQUIRE(file.names() == std::vector<std::string>{"state.db"});
  }
}

TEST_CASE("a killed import leaves the old state or the new one") {
  const StateFile file;
  std::uint64_t last = 0;
  for (unsigned round = 0; round < 25; ++round) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    const pid_t child = spawn([&] {
      const auto state = State::open_or_create(file.path());
      for (std::uint64_t version = last + 1; version <= last + 20; ++version) {
        state->commit(sample_record(std::to_string(version)), {update_to(version)},
                      Time{static_cast<std::int64_t>(version), 0});
        if (::write(pipe[1], "x", 1) != 1) return 1;
      }
      return ::pause();
    });
    ::close(pipe[1]);
    std::uint64_t acknowledged = last;
    char c = 0;
    for (unsigned i = 0; i <= round % 4; ++i) acknowledged += ::read(pipe[0], &c, 1) == 1 ? 1U : 0U;
    for (unsigned i = 0; i < round * 10; ++i) ::sched_yield();  // to hit different moments of the next commit
    ::kill(child, SIGKILL);
    REQUIRE(result_of(child) == -SIGKILL);
    while (::read(pipe[0], &c, 1) == 1) ++acknowledged;
    ::close(pipe[0]);
    // Readers put an interrupted commit right as well as writers do.
    const auto state = round % 2 == 0 ? State::open_existing(file.path()) : State::open_or_create(file.path());
    last = version_in(*state);
    REQUIRE((last == acknowledged || last == acknowledged + 1));
    REQUIRE(state->clock_floor() == Time{static_cast<std::int64_t>(last), 0});
    const auto history = state->history(1000);
    REQUIRE(history.size() == last);
    REQUIRE(history.front().bundle_id == std::to_string(last));
  }
}

/// A copy of a database as a process leaves it that dies in the middle of writing: half changed, with its journal.
void leave_half_written(const StateFile& from, const StateFile& to) {
  test::with_write_lock(
      from.path(),
      [&] {
        std::filesystem::copy(from.path(), to.path());
        std::filesystem::copy(from.path() + "-journal", to.path() + "-journal");
        return 0;
      },
      "PRAGMA cache_size=1; UPDATE seen SET version = version + 1, gun = gun;"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
      "INSERT INTO import_signer SELECT 1, i, 'half' FROM n WHERE i > 10");
  REQUIRE(from.bytes() != to.bytes());
}

TEST_CASE("a commit cut short is undone by whoever looks next") {
  const StateFile source;
  State::open_or_create(source.path())->commit(sample_record("b1"), {update_to(5)}, Time{1, 0});
  const StateFile read;
  leave_half_written(source, read);
  REQUIRE(version_in(*State::open_existing(read.path())) == 5);
  REQUIRE(read.bytes().size() == source.bytes().size());
  const StateFile written;
  leave_half_written(source, written);
  State::open_or_create(written.path())->commit(sample_record("b2"), {update_to(6)}, Time{2, 0});
  REQUIRE(State::open_existing(written.path())->history(9).size() == 2);

  const StateFile locked;
  leave_half_written(source, locked);
  namespace stdfs = std::filesystem;
  stdfs::permissions(locked.path(), stdfs::perms(0444));
  stdfs::permissions(locked.path() + "-journal", stdfs::perms(0444));
  stdfs::permissions(locked.folder(), stdfs::perms(0555));
  REQUIRE(as_nobody([&] { return static_cast<int>(version_in(*State::open_existing(locked.path()))); }) ==
          as_result(ErrorCode::state_unavailable));
  stdfs::permissions(locked.folder(), stdfs::perms(0700));
}

TEST_CASE("a full disk is an error and changes nothing") {
  const StateFile file;
  State::open_or_create(file.path())->commit(sample_record("b1"), {update_to(5)}, Time{1, 0});
  const auto before = file.bytes();
  for (const std::size_t room : {std::size_t{0}, std::size_t{512}, std::size_t{5000}, before.size()}) {
    const pid_t child = spawn([&] {
      ::signal(SIGXFSZ, SIG_IGN);
      const auto state = State::open_or_create(file.path());
      const rlimit limit{room, room};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      trust::HistoryRecord record = sample_record("b2");
      record.signers.assign(2000, std::string(100, 's'));
      bool published = false;
      const auto error =
          error_of([&] { state->commit(record, {update_to(6)}, Time{2, 0}, [&] { published = true; }); });
      return published || !error ? 1 : as_result(*error);
    });
    CAPTURE(room);
    REQUIRE(result_of(child) == as_result(ErrorCode::io_write));
    const auto state = State::open_existing(file.path());
    REQUIRE(version_in(*state) == 5);
    REQUIRE(state->history(9).size() == 1);
  }
  const StateFile other;
  const pid_t child = spawn([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100, 100};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    State::open_or_create(other.path());
    return 0;
  });
  REQUIRE(result_of(child) == as_result(ErrorCode::io_write));
  REQUIRE(other.names().empty());
}

TEST_CASE("a folder that cannot be written can still be read") {
  const StateFile file;
  State::open_or_create(file.path())->remember({update_to(5)});
  namespace stdfs = std::filesystem;
  stdfs::permissions(file.path(), stdfs::perms(0444));
  stdfs::permissions(file.folder(), stdfs::perms(0555));
  REQUIRE(as_nobody([&] { return static_cast<int>(version_in(*State::open_existing(file.path()))); }) == 5);
  REQUIRE(as_nobody([&] {
            State::open_or_create(file.path());
            return 0;
          }) == as_result(ErrorCode::state_unavailable));
  stdfs::permissions(file.folder(), stdfs::perms(0000));
  REQUIRE(as_nobody([&] { return State::open_existing(file.path()) == nullptr ? 1 : 0; }) ==
          as_result(ErrorCode::state_unavailable));
  stdfs::permissions(file.folder(), stdfs::perms(0700));
}

}  // namespace
