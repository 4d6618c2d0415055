#include "gapstow/oci/reference.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "gapstow/base/error.h"
#include "support/error_of.h"

using namespace gapstow;
using base::ErrorCode;
using oci::parse_reference;
using oci::Reference;

namespace {

const std::string kHex(64, 'a');
const std::string kDigest = "sha256:" + kHex;

rc::Gen<std::string> from(const std::string& letters, int low, int high) {
  return rc::gen::mapcat(rc::gen::inRange(low, high), [letters](int count) {
    return rc::gen::container<std::string>(static_cast<std::size_t>(count), rc::gen::elementOf(letters));
  });
}

rc::Gen<std::string> any_host() {
  const auto port = rc::gen::map(rc::gen::inRange(1, 65536), [](int value) { return ":" + std::to_string(value); });
  const auto name = rc::gen::map(from("abc019", 1, 10), [](const std::string& text) { return text + ".example"; });
  return rc::gen::map(
      rc::gen::pair(rc::gen::oneOf(name, rc::gen::just(std::string("localhost")),
                                   rc::gen::just(std::string("[fe80::1:2]")), rc::gen::just(std::string("docker.io"))),
                    rc::gen::oneOf(port, rc::gen::just(std::string()))),
      [](const auto& parts) { return parts.first == "docker.io" ? parts.first : parts.first + parts.second; });
}

rc::Gen<std::string> any_path() {
  const auto part = rc::gen::map(
      rc::gen::tuple(from("abz09", 1, 6), rc::gen::elementOf(std::vector<std::string>{"", ".", "_", "__", "-", "---"}),
                     from("abz09", 1, 6)),
      [](const auto& parts) { return std::get<0>(parts) + std::get<1>(parts) + std::get<2>(parts); });
  return rc::gen::map(rc::gen::pair(part, rc::gen::container<std::vector<std::string>>(2, part)),
                      [](const auto& parts) {
                        std::string path = parts.first;
                        for (const auto& each : parts.second) path += "/" + each;
                        return path;
                      });
}

}  // namespace

TEST_CASE("Short forms become full ones", "[reference]") {
  CHECK(parse_reference("alpine:3.20").text() == "docker.io/library/alpine:3.20");
  CHECK(parse_reference("alpine").text() == "docker.io/library/alpine:latest");
  CHECK(parse_reference("alpine", false).text() == "docker.io/library/alpine");
  CHECK(parse_reference("team/app:1").text() == "docker.io/team/app:1");
  CHECK(parse_reference("index.docker.io/alpine:1").text() == "docker.io/library/alpine:1");
  CHECK(parse_reference("docker.io/alpine:1").repository() == "docker.io/library/alpine");
  CHECK(parse_reference("localhost/app:1").host == "localhost");
  CHECK(parse_reference("localhost:5000/lab/app:1.1").text() == "localhost:5000/lab/app:1.1");
  CHECK(parse_reference("quay.io/a/b/c:t").path == "a/b/c");
  CHECK(parse_reference("[::1]:5000/app:1").host == "[::1]:5000");
  CHECK(parse_reference("[fe80::1]/app").text() == "[fe80::1]/app:latest");
  CHECK(parse_reference("host:5000/app").tag == "latest");
  CHECK(parse_reference("app:5000").tag == "5000");
  CHECK(parse_reference("a/b_c/d__e/f-g/h---i/j.k:_T.a-g").tag == "_T.a-g");
}

TEST_CASE("Digests are kept, and then no tag is made up", "[reference]") {
  const Reference pinned = parse_reference("quay.io/app@" + kDigest);
  CHECK(pinned.tag.empty());
  REQUIRE(pinned.digest);
  CHECK(pinned.digest->text() == kDigest);
  CHECK(parse_reference("quay.io/app:1@" + kDigest).text() == "quay.io/app:1@" + kDigest);
}

TEST_CASE("The familiar form is Docker's", "[reference]") {
  CHECK(parse_reference("docker.io/library/alpine:3.20").familiar() == "alpine:3.20");
  CHECK(parse_reference("docker.io/team/app:1").familiar() == "team/app:1");
  CHECK(parse_reference("quay.io/team/app:1@" + kDigest).familiar() == "quay.io/team/app:1");
  CHECK(parse_reference("localhost:5000/lab/app:1.1").familiar() == "localhost:5000/lab/app:1.1");
  CHECK(parse_reference("docker.io/localhost/app:1").familiar() == "docker.io/localhost/app:1");
  CHECK(parse_reference("docker.io/library/a/b:1").familiar() == "library/a/b:1");
  CHECK(test::error_of([] { parse_reference("alpine@" + kDigest).familiar(); }) == ErrorCode::invalid_reference);
}

TEST_CASE("What is no reference is refused", "[reference]") {
  const std::vector<std::string> bad{"",
                                     ":tag",
                                     "@" + kDigest,
                                     "/app",
                                     "app/",
                                     "a//b",
                                     "Alpine",
                                     "docker.io/Library/alpine",
                                     "Docker.io/library/alpine",
                                     "LOCALHOST/app",
                                     "app:",
                                     "app:-x",
                                     "app:.x",
                                     "app:a b",
                                     "app:" + std::string(129, 'x'),
                                     "app@",
                                     "app@sha256:abc",
                                     "app@sha256:" + std::string(64, 'A'),
                                     "app@md5:" + std::string(32, 'a'),
                                     "app@" + kDigest + "@" + kDigest,
                                     "-app",
                                     "app-",
                                     "a..b",
                                     "a___b",
                                     "a._b",
                                     ".a",
                                     "a/../b",
                                     "host:0/app",
                                     "host:65536/app",
                                     "host:05000/app",
                                     "host:/app",
                                     "host:x/app",
                                     "-host.example/app",
                                     "host-.example/app",
                                     "a..example/app",
                                     "[::1/app",
                                     "[::g]/app",
                                     "[::1]x/app",
                                     "[::1]:/app",
                                     "[FE80::1]/app",
                                     "[]/app",
                                     kHex,
                                     "app\n",
                                     std::string("a\0b", 3),
                                     "\xc3\xa4pfel",
                                     "quay.io/" + std::string(250, 'a'),
                                     std::string(600, 'a'),
                                     std::string(64, 'h') + ".example/app",
                                     "docker://alpine",
                                     "a/b c"};
  for (const auto& text : bad) {
    INFO(text);
    CHECK(test::error_of([&] { parse_reference(text); }) == ErrorCode::invalid_reference);
  }
}

TEST_CASE("Lengths up to the limits are taken", "[reference]") {
  CHECK(parse_reference("quay.io/" + std::string(247, 'a') + ":" + std::string(128, 't') + "@" + kDigest).tag.size() ==
        128);
}

TEST_CASE("The text of a reference parses to itself", "[reference]") {
  CHECK(rc::check("round trip", [] {
    Reference reference;
    reference.host = *any_host();
    reference.path = *any_path();
    reference.tag = *from("abAZ09_.-", 0, 20);
    if (reference.tag.starts_with('.') || reference.tag.starts_with('-')) reference.tag = "t" + reference.tag;
    if (*rc::gen::arbitrary<bool>()) reference.digest = digest::Digest::parse(kDigest);
    if (reference.tag.empty() && !reference.digest) reference.tag = "x";
    RC_ASSERT(parse_reference(reference.text()) == reference);
    if (!reference.tag.empty()) {
      Reference tagged = reference;
      tagged.digest.reset();
      RC_ASSERT(parse_reference(reference.familiar()) == tagged);
    }
  }));
  CHECK(rc::check("any text", [](const std::string& text) {
    try {
      const Reference reference = parse_reference(text);
      RC_ASSERT(parse_reference(reference.text()) == reference);
    } catch (const base::Error& error) {
      RC_ASSERT(error.code() == ErrorCode::invalid_reference);
    }
  }));
}
