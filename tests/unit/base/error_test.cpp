#include "gapstow/base/error.h"

#include <catch2/catch.hpp>
#include <set>

#include "support/error_of.h"

using namespace gapstow::base;

TEST_CASE("every class has its own name and one of the documented exit codes") {
  std::set<std::string_view> names;
  for (const ErrorCode code : all_error_codes()) {
    CAPTURE(name(code));
    CHECK(names.insert(name(code)).second);
    CHECK(error_code_from_name(name(code)) == code);
    CHECK(std::set<int>{1, 2, 3, 4, 5, 6, 7, 130}.contains(exit_code(code)));
  }
  CHECK(all_error_codes().size() == static_cast<std::size_t>(ErrorCode::interrupted) + 1);
  CHECK_FALSE(error_code_from_name("").has_value());
  CHECK_FALSE(error_code_from_name("Expired").has_value());
}

TEST_CASE("classes belong to their exit codes") {
  CHECK(name(ErrorCode::digest_mismatch) == "digest_mismatch");
  CHECK(exit_code(ErrorCode::target_mismatch) == 1);
  CHECK(exit_code(ErrorCode::usage) == 2);
  CHECK(exit_code(ErrorCode::internal) == 3);
  CHECK(exit_code(ErrorCode::truncated) == 4);
  CHECK(exit_code(ErrorCode::expired) == 5);
  CHECK(exit_code(ErrorCode::rollback) == 6);
  CHECK(exit_code(ErrorCode::denied) == 7);
  CHECK(exit_code(ErrorCode::interrupted) == 130);
}

TEST_CASE("context is added on the way up, outermost first") {
  try {
    with_context("bundle", [] { with_context("entry 7", []() -> int { throw Error(ErrorCode::malformed, "bad"); }); });
    FAIL("returned");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::malformed);
    CHECK(error.context() == std::vector<std::string>{"bundle", "entry 7"});
    CHECK(error.line() == "bundle: entry 7: bad");
    CHECK(std::string(error.what()) == "bad");
  }
  CHECK(with_context("nothing", [] { return 5; }) == 5);
  CHECK_THROWS_AS(with_context("other", [] { throw std::runtime_error("x"); }), std::runtime_error);
}

TEST_CASE("the line of an error cannot steer a terminal") {
  Error error(ErrorCode::malformed, "name 'a\nb\x1b[2J'");
  error.within("\r\xFF");
  CHECK(error.line() == "\\x0d\\xff: name 'a\\x0ab\\x1b[2J'");
}

TEST_CASE("the first hint stays") {
  Error error(ErrorCode::usage, "bad");
  error.advise("first").advise("second");
  CHECK(error.hint() == "first");
}
