// Under which names images arrive.
#include "gapstow/transfer/renaming.h"

#include <catch2/catch.hpp>

#include "support/error_of.h"

namespace gapstow::test {
namespace {

using transfer::parse_rename;
using transfer::Renaming;

const std::string kOrigin = "localhost:5000/lab/app:1.1";
const std::string kDigest = "@sha256:" + std::string(64, 'a');

/// One rule, to a registry.
std::string far_name(const std::string& rule, const std::string& origin = kOrigin, const std::string& prefix = "") {
  return Renaming("far.test", prefix, {parse_rename(rule)}).map(origin);
}

/// One rule, where names keep their hosts.
std::string file_name(const std::string& rule, const std::string& origin = kOrigin) {
  return Renaming("", "", {parse_rename(rule)}).map(origin);
}

}  // namespace

TEST_CASE("without rules a file keeps names, and a registry puts its host in the place of the origin's") {
  CHECK(Renaming().map(kOrigin) == kOrigin);
  CHECK(Renaming().map("docker.io/library/alpine:3") == "docker.io/library/alpine:3");
  const Renaming far("far.test:5000", "", {});
  CHECK(far.map(kOrigin) == "far.test:5000/lab/app:1.1");
  CHECK(far.map("docker.io/library/alpine:3") == "far.test:5000/library/alpine:3");
  CHECK(far.map("[::1]:5000/a:1") == "far.test:5000/a:1");
  CHECK(far.map("a.test/app" + kDigest) == "far.test:5000/app" + kDigest);
  CHECK(far.map("a.test/app:1" + kDigest) == "far.test:5000/app:1" + kDigest);
}

TEST_CASE("a prefix stands between host and path") {
  const Renaming far("far.test", "mirror/x", {});
  CHECK(far.map(kOrigin) == "far.test/mirror/x/lab/app:1.1");
  CHECK(far.map("docker.io/library/alpine:3") == "far.test/mirror/x/library/alpine:3");
}

TEST_CASE("a rule matches a whole reference, a repository or the first parts of one") {
  CHECK(far_name("localhost:5000/lab/app:1.1=x/y:2") == "far.test/x/y:2");
  CHECK(far_name("localhost:5000/lab/app=x/y") == "far.test/x/y:1.1");
  CHECK(far_name("localhost:5000/lab=team") == "far.test/team/app:1.1");
  CHECK(far_name("localhost:5000=all") == "far.test/all/lab/app:1.1");
  CHECK(far_name("localhost:5000/lab/=team/") == "far.test/team/app:1.1");
  CHECK(far_name("a.test/app=b/c", "a.test/app" + kDigest) == "far.test/b/c" + kDigest);
  CHECK(far_name("a.test/app:1=b/c:2", "a.test/app:1" + kDigest) == "far.test/b/c:2" + kDigest);
}

TEST_CASE("a rule matches at the end of a part only") {
  const std::string same = "far.test/laboratory/app:1.1";
  CHECK(far_name("localhost:5000/lab=team", "localhost:5000/laboratory/app:1.1") == same);
  CHECK(far_name("localhost=team", "localhost:5000/laboratory/app:1.1") == same);
  CHECK(far_name("localhost:50=team", "localhost:5000/laboratory/app:1.1") == same);
  CHECK(far_name("localhost:5000/laboratory/ap=team", "localhost:5000/laboratory/app:1.1") == same);
  CHECK(far_name("localhost:5000/lab/app:1.1=x", "localhost:5000/lab/app:1.10") == "far.test/lab/app:1.10");
  CHECK(far_name("localhost:5000/lab/app:1=x", kOrigin) == "far.test/lab/app:1.1");
  CHECK(far_name("lab/app=x", kOrigin) == "far.test/lab/app:1.1");
  CHECK(far_name("localhost:5000/lab/app-x=x", kOrigin) == "far.test/lab/app:1.1");
}

TEST_CASE("the longest rule decides, whatever the order") {
  const std::vector<transfer::RenameRule> rules{parse_rename("localhost:5000=a"), parse_rename("localhost:5000/lab=b"),
                                                parse_rename("localhost:5000/lab/app:1.1=c/d:9")};
  const std::vector<transfer::RenameRule> reversed(rules.rbegin(), rules.rend());
  for (const auto& order : {rules, reversed}) {
    const Renaming far("far.test", "", order);
    CHECK(far.map(kOrigin) == "far.test/c/d:9");
    CHECK(far.map("localhost:5000/lab/app:1.2") == "far.test/b/app:1.2");
    CHECK(far.map("localhost:5000/other:1") == "far.test/a/other:1");
    CHECK(far.map("a.test/other:1") == "far.test/other:1");
  }
}

TEST_CASE("what a rule maps to stands below the prefix, or is whole with the destination's host") {
  CHECK(far_name("localhost:5000/lab=team", kOrigin, "mirror") == "far.test/mirror/team/app:1.1");
  CHECK(far_name("localhost:5000/lab=far.test/team", kOrigin, "mirror") == "far.test/team/app:1.1");
  CHECK(far_name("localhost:5000/lab=far.test", kOrigin, "mirror") == "far.test/app:1.1");
  CHECK(far_name("localhost:5000/lab=far.test.other/team") == "far.test/far.test.other/team/app:1.1");
  CHECK(Renaming("docker.io", "", {parse_rename("localhost:5000/lab=docker.io/me")}).map(kOrigin) ==
        "docker.io/me/app:1.1");
  REQUIRE_ERROR(usage, Renaming("plain", "", {}).map(kOrigin));  // would be docker.io/plain/…
}

TEST_CASE("for files a rule maps whole names") {
  CHECK(file_name("localhost:5000/lab=far.test/team") == "far.test/team/app:1.1");
  CHECK(file_name("localhost:5000/lab/app:1.1=far.test/app:2") == "far.test/app:2");
  CHECK(file_name("localhost:5000/lab/app=alpine", kOrigin) == "docker.io/library/alpine:1.1");
}

TEST_CASE("a name that is no reference is refused") {
  REQUIRE_ERROR(invalid_reference, far_name("localhost:5000/lab/app=x/y:2"));  // two tags
  REQUIRE_ERROR(invalid_reference, far_name("localhost:5000/lab=UPPER"));
  REQUIRE_ERROR(invalid_reference, far_name("localhost:5000/lab=a//b"));
  REQUIRE_ERROR(invalid_reference, far_name("localhost:5000/lab=../x"));
  REQUIRE_ERROR(invalid_reference, far_name("localhost:5000/lab=a b"));
  REQUIRE_ERROR(invalid_reference, file_name("localhost:5000/lab=far.test/UPPER"));
  REQUIRE_ERROR(invalid_reference, far_name("localhost:5000/lab=" + std::string(300, 'a')));
  REQUIRE_ERROR(invalid_reference, Renaming("far.test", "UPPER", {}).map(kOrigin));
}

TEST_CASE("a renaming has two sides") {
  CHECK(parse_rename("a=b").from == "a");
  CHECK(parse_rename("a=b").to == "b");
  CHECK(parse_rename("a=b=c").to == "b=c");
  REQUIRE_ERROR(usage, parse_rename(""));
  REQUIRE_ERROR(usage, parse_rename("a"));
  REQUIRE_ERROR(usage, parse_rename("a="));
  REQUIRE_ERROR(usage, parse_rename("=b"));
  REQUIRE_ERROR(usage, parse_rename("/=b"));
  REQUIRE_ERROR(usage, parse_rename("a=/"));
}

TEST_CASE("all images get exactly one reference") {
  CHECK(Renaming::exactly("1.0").map(kOrigin) == "1.0");
  CHECK(Renaming::exactly("far.test/x:1").map("a.test/b:2") == "far.test/x:1");
}

}  // namespace gapstow::test
