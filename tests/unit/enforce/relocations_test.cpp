#include "gapstow/enforce/relocations.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "support/error_of.h"

namespace {

using namespace gapstow;
using enforce::normalise;
using enforce::Relocations;
using trust::Relocation;

Relocations two() {
  return Relocations({{"docker.io/library", "registry.airgap.local/mirror", {}},
                      {"quay.io/acme/api", "registry.airgap.local/apps/api", {{"1.4.2", "stable"}}},
                      {"ghcr.io", "registry.airgap.local/mirror/ghcr", {}}});
}

std::string origin_of(const Relocations& relocations, const std::string& local) {
  return relocations.origin_of(normalise(local)).reference.text();
}

TEST_CASE("references are brought to one form") {
  const std::vector<std::pair<std::string, std::string>> vectors{
      {"redis", "docker.io/library/redis:latest"},
      {"redis:7.2", "docker.io/library/redis:7.2"},
      {"library/redis", "docker.io/library/redis:latest"},
      {"docker.io/redis:7.2", "docker.io/library/redis:7.2"},
      {"docker.io/library/redis:7.2", "docker.io/library/redis:7.2"},
      {"index.docker.io/redis", "docker.io/library/redis:latest"},
      {"registry-1.docker.io/library/redis", "docker.io/library/redis:latest"},
      {"registry-1.docker.io/acme/app:1", "docker.io/acme/app:1"},
      {"DOCKER.IO/acme/app:Tag", "docker.io/acme/app:Tag"},
      {"Index.Docker.IO/redis", "docker.io/library/redis:latest"},
      {"REG.test:5000/app", "reg.test:5000/app:latest"},
      {"LocalHost/app", "localhost/app:latest"},
      {"localhost:5000/lab/app:1.1", "localhost:5000/lab/app:1.1"},
      {"[2001:DB8::1]:5000/app", "[2001:db8::1]:5000/app:latest"},
      {"acme/app", "docker.io/acme/app:latest"},
      // Another port is another registry.
      {"docker.io:443/acme/app", "docker.io:443/acme/app:latest"},
      // One that is not named as Docker's own keeps its path.
      {"reg.test/redis", "reg.test/redis:latest"},
  };
  for (const auto& [text, expected] : vectors) {
    CAPTURE(text);
    REQUIRE(normalise(text).text() == expected);
    REQUIRE(normalise(expected).text() == expected);
  }
  const std::string digest = "sha256:" + std::string(64, 'a');
  REQUIRE(normalise("redis@" + digest).text() == "docker.io/library/redis@" + digest);
  REQUIRE(normalise("redis:7@" + digest).text() == "docker.io/library/redis:7@" + digest);
}

TEST_CASE("what is no reference has no form") {
  for (const std::string text : {"",
                                 " ",
                                 "Redis",
                                 "Foo/bar",
                                 "FOO/redis",
                                 "docker.io/Library/redis",
                                 "reg.test/",
                                 "/redis",
                                 "redis:",
                                 "redis@",
                                 "redis ",
                                 " redis",
                                 "redis\n",
                                 "reg.test:0/app",
                                 "reg.test:99999/app",
                                 "reg..test/app",
                                 "-reg.test/app",
                                 "reg.test./app",
                                 "reg.test/app:-1",
                                 "redis@sha256:abc",
                                 "redis@sha1:0000",
                                 "a//b",
                                 "http://reg.test/app"}) {
    CAPTURE(text);
    REQUIRE(test::error_of([&] { normalise(text); }) == base::ErrorCode::invalid_reference);
  }
}

TEST_CASE("local names lead to their origins") {
  const auto relocations = two();
  REQUIRE(origin_of(relocations, "registry.airgap.local/mirror/redis:7.2") == "docker.io/library/redis:7.2");
  REQUIRE(origin_of(relocations, "registry.airgap.local/apps/api:stable") == "quay.io/acme/api:1.4.2");
  REQUIRE(origin_of(relocations, "registry.airgap.local/apps/api:1.4.2") == "quay.io/acme/api:1.4.2");
  REQUIRE(origin_of(relocations, "registry.airgap.local/apps/api:2") == "quay.io/acme/api:2");
  REQUIRE(origin_of(relocations, "registry.airgap.local/apps/api/sub:2") == "quay.io/acme/api/sub:2");
  // The longest one decides.
  REQUIRE(origin_of(relocations, "registry.airgap.local/mirror/ghcr/x/y:1") == "ghcr.io/x/y:1");
  // Parts are whole.
  REQUIRE(origin_of(relocations, "registry.airgap.local/mirrored/redis:7.2") ==
          "registry.airgap.local/mirrored/redis:7.2");
  REQUIRE(origin_of(relocations, "registry.airgap.local/apps/api2:1") == "registry.airgap.local/apps/api2:1");
  // Names that no rule is for are their own.
  REQUIRE(origin_of(relocations, "redis:7.2") == "docker.io/library/redis:7.2");
  REQUIRE(relocations.origin_of(normalise("redis")).rule.empty());
  REQUIRE_FALSE(relocations.origin_of(normalise("registry.airgap.local/mirror/redis")).rule.empty());
  const std::string digest = "@sha256:" + std::string(64, 'a');
  REQUIRE(origin_of(relocations, "registry.airgap.local/apps/api" + digest) == "quay.io/acme/api" + digest);
  // A host alone is no repository.
  REQUIRE_ERROR(invalid_reference, relocations.origin_of(normalise("registry.airgap.local/mirror/ghcr:1")));
}

TEST_CASE("origins have their local names") {
  const auto relocations = two();
  const auto names = [&](const char* origin) {
    std::vector<std::string> texts;
    for (const auto& name : relocations.local_names(normalise(origin))) texts.push_back(name.text());
    return texts;
  };
  using Names = std::vector<std::string>;
  REQUIRE(names("redis:7.2") == Names{"docker.io/library/redis:7.2", "registry.airgap.local/mirror/redis:7.2"});
  REQUIRE(names("quay.io/acme/api:1.4.2") == Names{"quay.io/acme/api:1.4.2", "registry.airgap.local/apps/api:stable",
                                                   "registry.airgap.local/apps/api:1.4.2"});
  // Its tag means another one there.
  REQUIRE(names("quay.io/acme/api:stable") == Names{"quay.io/acme/api:stable"});
  REQUIRE(names("a.test/app:1") == Names{"a.test/app:1"});
}

TEST_CASE("relocations that contradict each other are refused") {
  const std::vector<std::vector<Relocation>> bad{
      {{"a.test/x", "l.test/m", {}}, {"b.test/x", "l.test/m", {}}},    // two origins
      {{"a.test/x", "l.test/m", {}}, {"a.test/x", "l.test/m", {}}},    // twice
      {{"a.test/x", "b.test/x", {}}, {"b.test/x", "c.test/x", {}}},    // a chain
      {{"a.test/x", "b.test", {}}, {"b.test/x/y", "c.test/x", {}}},    // a chain, further down
      {{"a.test/x", "b.test/x/y", {}}, {"b.test/x", "c.test/x", {}}},  // a chain, further up
      {{"a.test/x", "a.test/x", {}}},                                  // onto itself
      {{"a.test", "a.test/mirror", {}}},                               // into itself
      {{"a.test/x", "l.test/m", {{"1", "s"}, {"2", "s"}}}},            // a tag that means two
      {{"a.test/x", "l.test/m", {{"-1", "s"}}}},
      {{"a.test/x", "l.test/m", {{"1", ""}}}},
      {{"redis", "l.test/m", {}}},
      {{"a.test/", "l.test/m", {}}},
      {{"a.test/x", "", {}}},
      {{"a.test/X", "l.test/m", {}}},
      {{"A.test/x", "l.test/m", {}}},
      {{"a.test/x:1", "l.test/m", {}}},
      {{"a.test/*", "l.test/m", {}}},
      {{"a.test//x", "l.test/m", {}}},
      {{"a..test/x", "l.test/m", {}}},
      {{"a.test/x..y", "l.test/m", {}}},
      {{"index.docker.io/x", "l.test/m", {}}},  // not the normal form
      {{"registry-1.docker.io/x", "l.test/m", {}}},
      {{"a.test/x", "registry-1.docker.io/x", {}}},
      {{"a.test/" + std::string(240, 'x'), "l.test/m", {}}},
  };
  for (const auto& rules : bad) {
    CAPTURE(rules.front().from, rules.front().to, rules.size());
    REQUIRE_ERROR(malformed, Relocations(rules));
  }
  // One origin may have several local names, and neighbours are no chain.
  REQUIRE_NOTHROW(Relocations({{"a.test/x", "l.test/m", {}}, {"a.test/x", "k.test/m", {}}}));
  REQUIRE_NOTHROW(Relocations({{"a.test/x", "b.test/x", {}}, {"b.test/xy", "c.test/x", {}}}));
}

TEST_CASE("a local name leads back to the origin that it was made from") {
  const auto passes = rc::check([](const std::vector<std::uint8_t>& shape) {
    std::vector<Relocation> rules;
    for (const auto each : shape) {
      Relocation rule{"o" + std::to_string(each % 7) + ".test/p" + std::to_string(each % 3),
                      "l.test/m" + std::to_string(each / 16) + (each % 2 == 0 ? "" : "/deeper"),
                      {}};
      if (each % 5 == 0) rule.tags = {{"1", "one"}, {"2", "1"}};
      const bool taken = std::ranges::any_of(rules, [&](const Relocation& other) { return other.to == rule.to; });
      if (!taken) rules.push_back(rule);
    }
    const Relocations relocations(rules);
    for (const auto& rule : rules) {
      for (const char* tag : {"1", "2", "one", "x"}) {
        const auto origin = normalise(rule.from + "/app:" + tag);
        const auto names = relocations.local_names(origin);
        RC_ASSERT(!names.empty() && names.front() == origin);
        for (const auto& name : names) RC_ASSERT(relocations.origin_of(name).reference == origin);
      }
    }
  });
  REQUIRE(passes);
}

}  // namespace
