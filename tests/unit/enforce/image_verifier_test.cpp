#include "gapstow/enforce/image_verifier.h"

#include <catch2/catch.hpp>

#include "support/error_of.h"
#include "support/known_images.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using enforce::Pull;
using test::kDay;
using test::numbered_digest;

using Words = std::vector<std::string>;

const std::string kType(enforce::kDescriptorType);
const std::string kDigest = numbered_digest(100).text();

std::optional<ErrorCode> error_for(const Words& words) {
  return test::error_of([&] { enforce::parse_pull(words); });
}

std::string descriptor(const std::string& digest) {
  return R"({"mediaType":"application/vnd.oci.image.index.v1+json","digest":")" + digest + "\",\"size\":1638}\n";
}

std::optional<ErrorCode> error_for_descriptor(const std::string& text) {
  return test::error_of([&] { enforce::check_descriptor({"redis", numbered_digest(100)}, base::as_bytes(text)); });
}

TEST_CASE("containerd's options are understood in any order and spelling") {
  const std::vector<Words> good{
      {"-name", "redis", "-digest", kDigest, "-stdin-media-type", kType},
      {"-stdin-media-type", kType, "-digest", kDigest, "-name", "redis"},
      {"--name", "redis", "--digest", kDigest, "--stdin-media-type", kType},
      {"-name=redis", "-digest=" + kDigest, "-stdin-media-type=" + kType},
      {"-operation", "pull", "-name", "redis", "-digest", kDigest, "-more=1", "-stdin-media-type", kType, "-last", ""},
      {"-operation", "-name", "-name", "redis", "-digest", kDigest, "-stdin-media-type", kType},
  };
  for (const auto& words : good) {
    const Pull pull = enforce::parse_pull(words);
    REQUIRE(pull.name == "redis");
    REQUIRE(pull.digest == numbered_digest(100));
  }
  REQUIRE(enforce::parse_pull(Words{"-name=a=b", "-digest", kDigest, "-stdin-media-type", kType}).name == "a=b");
}

TEST_CASE("questions that are not understood are refused") {
  REQUIRE(error_for({}) == ErrorCode::usage);
  REQUIRE(error_for({"-name", "redis", "-digest", kDigest}) == ErrorCode::usage);
  REQUIRE(error_for({"-name", "redis", "-stdin-media-type", kType}) == ErrorCode::usage);
  REQUIRE(error_for({"-digest", kDigest, "-stdin-media-type", kType}) == ErrorCode::usage);
  REQUIRE(error_for({"-name", "redis", "-digest", kDigest, "-stdin-media-type"}) == ErrorCode::usage);
  REQUIRE(error_for({"redis", "-digest", kDigest, "-stdin-media-type", kType}) == ErrorCode::usage);
  REQUIRE(error_for({"-", "redis", "-digest", kDigest, "-stdin-media-type", kType}) == ErrorCode::usage);
  REQUIRE(error_for({"-name", "a", "-name", "b", "-digest", kDigest, "-stdin-media-type", kType}) == ErrorCode::usage);
  REQUIRE(error_for({"-name", "a", "--name=b", "-digest", kDigest, "-stdin-media-type", kType}) == ErrorCode::usage);
  REQUIRE(error_for({"-name", "redis", "-digest", "7.2", "-stdin-media-type", kType}) == ErrorCode::malformed);
  REQUIRE(error_for({"-name", "redis", "-digest", kDigest, "-stdin-media-type", "text/plain"}) ==
          ErrorCode::unsupported);
}

TEST_CASE("the descriptor must be that of the digest") {
  REQUIRE(error_for_descriptor(descriptor(kDigest)) == std::nullopt);
  REQUIRE(error_for_descriptor(descriptor(numbered_digest(7).text())) == ErrorCode::digest_mismatch);
  for (const std::string text : {"", "{}", "null", "[]", "{\"digest\":null}", "{\"digest\":7}"}) {
    CAPTURE(text);
    REQUIRE(error_for_descriptor(text) == ErrorCode::malformed);
  }
  REQUIRE(error_for_descriptor(descriptor(kDigest) + descriptor(kDigest)) == ErrorCode::malformed);
  REQUIRE(error_for_descriptor("{\"digest\":\"" + kDigest + "\",\"Digest\":\"" + kDigest + "\"}") ==
          ErrorCode::malformed);
  REQUIRE(error_for_descriptor("{\"digest\":\"" + std::string(300, 'a') + "\"}") == ErrorCode::malformed);
  REQUIRE(error_for_descriptor(descriptor(kDigest) + std::string(enforce::kMaxDescriptorBytes, ' ')) ==
          ErrorCode::limit_exceeded);
  REQUIRE(error_for_descriptor(std::string(100, '[')) == ErrorCode::limit_exceeded);
}

TEST_CASE("answers are one line and an exit status") {
  const enforce::Judge judge(test::sample_snapshot(), {});
  const auto answer = [&](const std::string& name, unsigned number, base::Time now = kDay) {
    const auto given = enforce::answer_pull(judge, {name, numbered_digest(number)}, now);
    REQUIRE(given.reason.find('\n') == std::string::npos);
    REQUIRE_FALSE(given.reason.empty());
    return given.exit_code;
  };
  REQUIRE(answer("docker.io/library/redis:7.2", 100) == 0);
  REQUIRE(answer("registry.airgap.local/mirror/redis:7.2", 100) == 0);
  REQUIRE(answer("docker.io/library/redis@" + kDigest, 100) == 0);
  REQUIRE(answer("docker.io/library/redis@" + kDigest, 101) == 1);
  REQUIRE(answer("docker.io/library/redis:7.2", 200) == 1);
  REQUIRE(answer("docker.io/library/redis:7.2", 101) == 1);
  REQUIRE(answer("docker.io/library/nginx:1", 100) == 1);
  REQUIRE(answer("docker.io/acme/old:1", 300) == 1);
  REQUIRE(answer("docker.io/acme/brief:1", 400) == 0);
  REQUIRE(answer("docker.io/acme/brief:1", 400, kDay.plus_seconds(86400)) == 1);
  REQUIRE(answer("docker.io/library/redis:7.2", 100, kDay.plus_seconds(-86400)) == 2);  // the clock is wrong
  REQUIRE(answer("", 100) == 1);
  REQUIRE(answer("a\nb", 100) == 1);
}

TEST_CASE("a record that is wrong decides nothing") {
  auto bytes = enforce::write_snapshot(test::sample_decisions());
  const std::size_t at = base::as_text(bytes).find(std::string(base::name(ErrorCode::denied)));
  bytes.at(at) = std::byte{'D'};
  const enforce::Judge judge(enforce::Snapshot::own(bytes, enforce::SnapshotCheck::as_read), {});
  const auto given = enforce::answer_pull(judge, {"docker.io/acme/old:1", numbered_digest(300)}, kDay);
  REQUIRE(given.exit_code == 2);
  REQUIRE(given.reason.starts_with("undecided, so refused: "));
  REQUIRE(enforce::answer_pull(judge, {"docker.io/library/redis:7.2", numbered_digest(100)}, kDay).exit_code == 0);
}

}  // namespace
