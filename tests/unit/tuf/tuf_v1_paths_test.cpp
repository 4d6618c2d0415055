// Patterns of delegations, as the dialect tells by may_name().
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "gapstow/digest/digest.h"
#include "gapstow/tuf/dialect.h"

using namespace gapstow;

namespace {

bool matches(const std::string& pattern, const std::string& target) {
  tuf::Delegation terms;
  terms.paths = {pattern};
  return tuf::tuf_v1().may_name(terms, target);
}

}  // namespace

TEST_CASE("patterns match within the parts of a path") {
  struct Row {
    const char* pattern;
    const char* target;
    bool expected;
  };
  const Row rows[] = {
      {"*", "a", true},
      {"*", "", true},
      {"*", "a/b", false},
      {"*/*", "a/b", true},
      {"*/*", "a/b/c", false},
      {"a/*", "a/", true},
      {"a/*", "a", false},
      {"*.tgz", "foo.tgz", true},
      {"*.tgz", "targets/foo.tgz", false},
      {"targets/foo-version-?.tgz", "targets/foo-version-a.tgz", true},
      {"targets/foo-version-?.tgz", "targets/foo-version-alpha.tgz", false},
      {"targets/foo-version-?.tgz", "targets/foo-version-.tgz", false},
      {"?", "/", false},
      {"a?b", "a/b", false},
      {"foo.tgz", "foo.tgz", true},
      {"foo.tgz", "Foo.tgz", false},
      {"", "", true},
      {"", "a", false},
      {"a*b*c", "abbbc", true},
      {"a*b*c", "abcd", false},
      {"a**c", "abc", true},
      {"*a*", "bab", true},
      {"[a-c]x", "bx", true},
      {"[a-c]x", "dx", false},
      {"[!a-c]x", "dx", true},
      {"[!a-c]x", "ax", false},
      {"[]]x", "]x", true},
      {"[a-]x", "-x", true},
      {"[ax", "[ax", true},
      {"[", "[", true},
      {"[a/b]", "a", false},
      {"[!x]", "/", false},
      {"[xa-c]", "b", true},
      {"[a-cx]", "x", true},
      {"?", "\xC3\xA9", true},
      {"[\xC3\xA0-\xC3\xAF]", "\xC3\xA9", true},
      {"\xC3\xA9*",
       "\xC3\xA8"
       "a",
       false},
      {"\\*", "*", false},
      {"\\*", "\\x", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern, row.target);
    CHECK(matches(row.pattern, row.target) == row.expected);
  }
}

TEST_CASE("a text without wildcards matches itself only, and a star any part") {
  REQUIRE(rc::check("texts", [] {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab/.-")));
    const auto other = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab/.-")));
    RC_ASSERT(matches(text, text));
    RC_ASSERT(matches(text, other) == (text == other));
    RC_ASSERT(matches("*", text) == (text.find('/') == std::string::npos));
  }));
}

TEST_CASE("many stars do not take long") {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  CHECK_FALSE(matches(pattern + "b", std::string(4000, 'a')));
  CHECK(matches(pattern, std::string(4000, 'a')));
}
