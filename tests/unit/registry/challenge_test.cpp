#include "gapstow/registry/challenge.h"

#include <catch2/catch.hpp>

#include "support/error_of.h"

using namespace gapstow;
using registry::parse_challenges;

TEST_CASE("challenges as registries send them", "[registry]") {
  const auto bearer = parse_challenges(
      R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push")");
  REQUIRE(bearer.size() == 1);
  REQUIRE(bearer[0].scheme == "bearer");
  REQUIRE(bearer[0].parameters == std::map<std::string, std::string>{{"realm", "https://auth.docker.io/token"},
                                                                     {"service", "registry.docker.io"},
                                                                     {"scope", "repository:a/b:pull,push"}});
  const auto basic = parse_challenges(R"(bAsIc REALM = "a \"b\" \\")");
  REQUIRE(basic.size() == 1);
  REQUIRE(basic[0].scheme == "basic");
  REQUIRE(basic[0].parameters.at("realm") == R"(a "b" \)");
}

TEST_CASE("several challenges share a line", "[registry]") {
  const auto all = parse_challenges(R"(, Negotiate , NTLM TlRMTVNTUAAB==, Basic realm="x", charset=UTF-8 ,,)"
                                    R"(Bearer realm="y", error = "invalid_token",Digest)");
  std::vector<std::string> schemes;
  for (const auto& challenge : all) schemes.push_back(challenge.scheme);
  REQUIRE(schemes == std::vector<std::string>{"negotiate", "ntlm", "basic", "bearer", "digest"});
  REQUIRE(all[2].parameters == std::map<std::string, std::string>{{"realm", "x"}, {"charset", "UTF-8"}});
  REQUIRE(all[3].parameters == std::map<std::string, std::string>{{"realm", "y"}, {"error", "invalid_token"}});
  REQUIRE(all[4].parameters.empty());
}

TEST_CASE("challenges that are none", "[registry]") {
  for (const std::string text :
       {"", " ,, ", "\"quoted\"", "Basic realm=,x y z", "Basic realm=\"open", "Basic realm=\"open\\", "Basic =x",
        "Basic realm=\"a\" service=\"b\"", "Basic realm=\"a\", realm=\"b\"", "Basic realm=\"a\", Realm=b",
        "Bearer realm=\"a\"x", "Basic realm=a b", "Bas:ic realm=a", "Basic realm=\"a\nb\"", "\x01"}) {
    INFO(text);
    REQUIRE_ERROR(malformed, parse_challenges(text));
  }
  REQUIRE_ERROR(limit_exceeded, parse_challenges("Basic realm=\"" + std::string(registry::kMaxChallengeBytes, 'x')));
  REQUIRE(parse_challenges("a," + std::string(registry::kMaxChallengeBytes - 2, ',')).size() == 1);
}
