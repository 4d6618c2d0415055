#include "gapstow/base/workers.h"

#include <rapidcheck/catch.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <vector>

#include "support/error_of.h"

using namespace gapstow;
using namespace gapstow::base;

TEST_CASE("every item is worked on once") {
  for (const unsigned jobs : {0U, 1U, 2U, 5U, 100U}) {
    std::vector<std::atomic<int>> done(37);
    run_parallel(done.size(), jobs, [&](std::size_t i) { ++done[i]; });
    for (const auto& count : done) CHECK(count == 1);
  }
  run_parallel(0, 4, [](std::size_t) { FAIL("nothing to do"); });
  CHECK(default_jobs() >= 1);
  CHECK(default_jobs() <= 16);
}

TEST_CASE("one thread stops at the first failure") {
  std::vector<std::size_t> started;
  REQUIRE_ERROR(malformed, run_parallel(10, 1, [&](std::size_t i) {
                  started.push_back(i);
                  if (i == 3) throw Error(ErrorCode::malformed, "three");
                  if (i == 5) throw Error(ErrorCode::expired, "five");
                }));
  CHECK(started == std::vector<std::size_t>{0, 1, 2, 3});
}

TEST_CASE("in a worker an exception of another kind becomes an internal error") {
  REQUIRE_ERROR(internal, run_parallel(4, 2, [](std::size_t) { throw std::runtime_error("not an Error"); }));
}

TEST_CASE("worker properties") {
  rc::prop("the failure of the lowest item is the outcome, and all items below it were worked on", [] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 60);
    const auto jobs = *rc::gen::inRange(1U, 9U);
    const auto failing = *rc::gen::container<std::set<std::size_t>>(rc::gen::inRange<std::size_t>(0, count));
    std::mutex mutex;
    std::set<std::size_t> done;
    std::string failure;
    try {
      run_parallel(count, jobs, [&](std::size_t i) {
        if (failing.contains(i)) throw Error(ErrorCode::malformed, std::to_string(i));
        const std::lock_guard lock(mutex);
        done.insert(i);
      });
    } catch (const Error& error) {
      failure = error.why();
    }
    const std::size_t first = failing.empty() ? count : *failing.begin();
    RC_ASSERT(failure == (failing.empty() ? "" : std::to_string(first)));
    for (std::size_t i = 0; i < first; ++i) RC_ASSERT(done.contains(i));
  });
}
