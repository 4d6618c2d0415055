#include "gapstow/enforce/image_review.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "review_world.h"
#include "support/error_of.h"
#include "support/kubernetes_rules.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using enforce::ReviewAnswer;
using enforce::Ruling;
using enforce::TagPolicy;
using test::KubernetesAnswer;

ReviewAnswer answer(const test::ReviewWorld& world, const std::string& body, TagPolicy tags = TagPolicy::demand) {
  return enforce::answer_image_review(world.judge(), {tags}, base::as_bytes(body), test::kReviewTime);
}

/// Checked as the API server checks it.
KubernetesAnswer read(const ReviewAnswer& answer) {
  REQUIRE(answer.status == 200);
  auto read = test::read_image_review_answer(answer.body);
  REQUIRE(read.allowed == answer.allowed);
  REQUIRE(read.audit.at("gapstow-snapshot") == "v42");
  REQUIRE(read.audit.at("gapstow-decision") == (answer.allowed ? "allow" : "deny"));
  return read;
}

const std::string kRedis = "docker.io/library/redis:7.2";

TEST_CASE("ImageReview: images pinned to what was proven are allowed, by either name") {
  const test::ReviewWorld world;
  const auto got = answer(world, test::review_sample("image_review", "pinned"));
  const auto read_back = read(got);
  REQUIRE(read_back.allowed);
  REQUIRE(got.rulings.size() == 2);
  REQUIRE(got.place == "shop");
  REQUIRE(got.rulings[1].local.starts_with("registry.airgap.local/apps/api"));
  REQUIRE(got.rulings[1].origin.starts_with("quay.io/acme/api"));
  REQUIRE(read_back.audit.at("gapstow-image-1").find("quay.io/acme/api") != std::string::npos);
  REQUIRE(read_back.audit.at("gapstow-image-1").find(test::api_digest().text()) != std::string::npos);
}

TEST_CASE("ImageReview: a child passes through its parent") {
  const test::ReviewWorld world;
  REQUIRE(read(answer(world, test::review_sample("image_review", "child"))).allowed);
  REQUIRE(read(answer(world, test::image_review({"redis@" + test::redis_child().text()}))).allowed);
  REQUIRE_FALSE(read(answer(world, test::image_review({"quay.io/acme/api@" + test::redis_child().text()}))).allowed);
}

TEST_CASE("ImageReview: a tag is denied unless the nodes resolve tags by gapstow alone") {
  const test::ReviewWorld world;
  const std::string body = test::review_sample("image_review", "tag");
  for (const auto tags : {TagPolicy::demand, TagPolicy::pin}) {
    const auto got = answer(world, body, tags);
    const auto denial = read(got);
    REQUIRE_FALSE(denial.allowed);
    REQUIRE(got.rulings.at(0).rule == "require-digest");
    REQUIRE(denial.audit.at("gapstow-rule") == "require-digest");
    REQUIRE(denial.message.find(test::redis_digest().text()) != std::string::npos);
  }
  REQUIRE(read(answer(world, body, TagPolicy::accept)).allowed);
}

TEST_CASE("ImageReview: one image that is not proven denies them all, and is named") {
  const test::ReviewWorld world;
  const auto got = answer(world, test::review_sample("image_review", "init"));
  const auto denial = read(got);
  REQUIRE_FALSE(denial.allowed);
  REQUIRE(denial.message.find("busybox:1.36") != std::string::npos);
  REQUIRE(got.rulings.size() == 3);
  REQUIRE(got.rulings[0].allowed());
  REQUIRE_FALSE(got.rulings[2].allowed());
}

TEST_CASE("ImageReview: what is no reference is denied") {
  const test::ReviewWorld world;
  REQUIRE_FALSE(read(answer(world, test::review_sample("image_review", "no_reference"))).allowed);
  REQUIRE_FALSE(read(answer(world, test::image_review({std::string(1 << 20, 'a')}))).allowed);
  REQUIRE_FALSE(read(answer(world, test::image_review({"redis\n@evil\xC3\xA9"}))).allowed);
}

TEST_CASE("ImageReview: a review of no container is denied") {
  const test::ReviewWorld world;
  REQUIRE_FALSE(read(answer(world, test::review_sample("image_review", "empty"))).allowed);
}

TEST_CASE("ImageReview: a token of an operator lets a digest through in its namespace") {
  const test::ReviewWorld world;
  const std::string image = "ghcr.io/acme/hotfix@" + test::unknown_digest().text();
  const std::string token = world.token("shop", test::unknown_digest());
  REQUIRE_FALSE(read(answer(world, test::image_review({image}))).allowed);
  REQUIRE_FALSE(read(answer(world, test::image_review({image}, "bank", token))).allowed);
  REQUIRE_FALSE(read(answer(world, test::image_review({image}, "shop", "bm90IGEgdG9rZW4="))).allowed);
  const auto got = answer(world, test::image_review({image}, "shop", token));
  const auto passed = read(got);
  REQUIRE(passed.allowed);
  REQUIRE(got.rulings.at(0).broke_glass);
  REQUIRE(passed.audit.at("gapstow-override-0").find("emergency") != std::string::npos);
}

TEST_CASE("ImageReview: one good token among several is enough, and their number is bounded") {
  const test::ReviewWorld world;
  const std::string image = "ghcr.io/acme/hotfix@" + test::unknown_digest().text();
  const std::string token = world.token("shop", test::unknown_digest());
  REQUIRE(read(answer(world, test::image_review({image}, "shop", "bm90IGEgdG9rZW4=," + token))).allowed);
  const std::string many = token + "," + token + "," + token + "," + token + "," + token;
  REQUIRE_FALSE(read(answer(world, test::image_review({image}, "shop", many))).allowed);
  REQUIRE_FALSE(
      read(answer(world, test::image_review({image}, "shop", std::string(enforce::kMaxTokenBytes + 1, 'A')))).allowed);
}

TEST_CASE("ImageReview: white space around tokens does not count, as YAML adds it") {
  const test::ReviewWorld world;
  const std::string image = "ghcr.io/acme/hotfix@" + test::unknown_digest().text();
  const std::string token = world.token("shop", test::unknown_digest());
  REQUIRE(read(answer(world, test::image_review({image}, "shop", token + "\n"))).allowed);
  REQUIRE(read(answer(world, test::image_review({image}, "shop", " bm90IGEgdG9rZW4=,\r\n\t" + token + " \n"))).allowed);
  REQUIRE_FALSE(read(answer(world, test::image_review({image}, "shop", " \n"))).allowed);
  REQUIRE_FALSE(
      read(answer(world, test::image_review({image}, "shop", token.substr(0, 40) + "\n" + token.substr(40)))).allowed);
}

TEST_CASE("ImageReview: a thousand images that only differ at their ends, and tokens for none of them") {
  const test::ReviewWorld world;
  std::vector<std::string> images;
  for (std::size_t i = 0; i < enforce::kMaxReviewImages; ++i) {
    images.push_back("ghcr.io/acme/app@" + digest::sha256(base::as_bytes(std::to_string(i))).text());
  }
  const std::string token = world.token("shop", test::unknown_digest());
  const auto got = answer(world, test::image_review(images, "shop", token + "," + token + "," + token + "," + token));
  REQUIRE_FALSE(read(got).allowed);
  REQUIRE(got.rulings.size() == images.size());
  REQUIRE(got.rulings.back().reason.find("the token is not for") != std::string::npos);
}

TEST_CASE("ImageReview: what cannot be judged in time is denied") {
  const test::ReviewWorld world;
  const auto late = std::chrono::steady_clock::time_point::min();
  const std::string body = test::review_sample("image_review", "pinned");
  const auto got =
      enforce::answer_image_review(world.judge(), {TagPolicy::demand, late}, base::as_bytes(body), test::kReviewTime);
  REQUIRE(read(got).message.find("time") != std::string::npos);
  REQUIRE_FALSE(got.allowed);
  REQUIRE(got.rulings.size() == 2);
  REQUIRE(got.rulings[0].code == ErrorCode::limit_exceeded);
  REQUIRE(got.rulings[0].rule == "deadline");
}

TEST_CASE("ImageReview: what is no review is not answered as one") {
  const test::ReviewWorld world;
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"), deep,
        test::review_sample("image_review", "other_kind"), test::review_sample("image_review", "twice"),
        std::string(R"({"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1alpha1"})"),
        std::string(R"({"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1"})"),
        std::string(enforce::kMaxReviewBytes + 1, ' ')}) {
    const auto got = answer(world, body);
    REQUIRE(got.status == 400);
    REQUIRE_FALSE(got.allowed);
    REQUIRE(got.rulings.size() == 1);
    const auto error = json::parse(base::as_bytes(got.body));
    REQUIRE(base::error_code_from_name(json::Cursor(error).at("code").string()) == got.rulings[0].code);
  }
}

TEST_CASE("ImageReview: parts of the wrong kind are denied or not answered, never allowed") {
  const test::ReviewWorld world;
  const std::string head = R"({"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1alpha1","spec":)";
  for (const auto* spec :
       {"null", "[]", "7.5", R"({"containers":{}})", R"({"containers":["redis"]})", R"({"containers":[{"image":7}]})",
        R"({"containers":[{"image":null}]})", R"({"containers":[{"Image":"redis"}]})", R"({"containers":null})"}) {
    const auto got = answer(world, head + spec + "}");
    REQUIRE_FALSE(got.allowed);
    REQUIRE_FALSE(got.rulings.empty());
    if (got.status == 200) REQUIRE_FALSE(read(got).allowed);
  }
}

TEST_CASE("ImageReview: the number of containers is bounded, reasons and audit notes too") {
  const test::ReviewWorld world;
  std::vector<std::string> images;
  for (std::size_t i = 0; i < enforce::kMaxReviewImages; ++i) images.push_back("busybox:" + std::to_string(i));
  const auto most = answer(world, test::image_review(images));
  REQUIRE(most.rulings.size() == images.size());
  REQUIRE_FALSE(read(most).allowed);
  REQUIRE(most.body.size() < 64 * 1024);
  images.push_back(kRedis + "@" + test::redis_digest().text());
  const auto refused = answer(world, test::image_review(images));
  REQUIRE_FALSE(read(refused).allowed);
  REQUIRE(refused.rulings.size() == 1);
  REQUIRE(refused.rulings[0].code == ErrorCode::limit_exceeded);
}

/// `test_enforce "[.speed]"` prints it; a decision over a kept connection has 200 us in all on two cores.
TEST_CASE("ImageReview: speed of a decision", "[.speed]") {
  const test::ReviewWorld world;
  const std::string body = test::review_sample("image_review", "pinned");
  constexpr int kRounds = 50'000;
  const auto begin = std::chrono::steady_clock::now();
  int allowed = 0;
  for (int i = 0; i < kRounds; ++i) allowed += answer(world, body).allowed ? 1 : 0;
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
  WARN("one decision on two images: " << took.count() / kRounds << " us");
  REQUIRE(allowed == kRounds);
}

}  // namespace
