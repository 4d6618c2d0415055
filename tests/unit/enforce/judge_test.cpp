#include "gapstow/enforce/judge.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <set>

#include "support/error_of.h"
#include "support/known_images.h"
#include "support/transfer_samples.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using enforce::Judge;
using enforce::Question;
using enforce::Ruling;
using enforce::TagPolicy;
using test::kDay;
using test::numbered_digest;
using Verdict = Ruling::Verdict;

std::vector<trust::Operator> operators() { return {{"duty", test::sample_key(3).public_key(), false, true}}; }

Judge sample_judge() { return Judge(test::sample_snapshot(), operators()); }

std::string at(const std::string& name, unsigned number) { return name + "@" + numbered_digest(number).text(); }

Question about(const std::string& reference, TagPolicy tags = TagPolicy::demand) {
  Question question;
  question.reference = reference;
  question.tags = tags;
  return question;
}

Ruling judged(const std::string& reference, TagPolicy tags = TagPolicy::demand, base::Time now = kDay) {
  return sample_judge().judge(about(reference, tags), now);
}

std::optional<ErrorCode> denied(const std::string& reference, TagPolicy tags = TagPolicy::demand) {
  const Ruling ruling = judged(reference, tags);
  REQUIRE(ruling.verdict == Verdict::deny);
  REQUIRE(ruling.code.has_value());
  REQUIRE_FALSE(ruling.reason.empty());
  REQUIRE(ruling.pinned.empty());
  return ruling.code;
}

std::string token(const std::vector<unsigned>& numbers, const std::string& place = "shop", unsigned char key = 3) {
  enforce::BreakGlass content{place, {}, kDay, kDay.plus_seconds(3600), "incident 7"};
  for (const unsigned number : numbers) content.digests.push_back(numbered_digest(number));
  std::ranges::sort(content.digests);
  return enforce::issue_token(content, test::sample_key(key));
}

TEST_CASE("verdicts have a word each") {
  REQUIRE(enforce::name(Verdict::allow) == "allow");
  REQUIRE(enforce::name(Verdict::mutate) == "mutate");
  REQUIRE(enforce::name(Verdict::deny) == "deny");
}

TEST_CASE("what was proven may run by its digest") {
  for (const auto& reference :
       {at("redis", 100), at("redis:7.2", 100), at("docker.io/library/redis:7.2", 100), at("redis", 200),
        at("registry.airgap.local/mirror/redis:7.2", 100), at("registry.airgap.local/apps/brief:stable", 400)}) {
    CAPTURE(reference);
    const Ruling ruling = judged(reference);
    REQUIRE(ruling.verdict == Verdict::allow);
    REQUIRE_FALSE(ruling.code);
    REQUIRE(ruling.rule == "docker.io/*");
    REQUIRE(ruling.role == "targets/releases");
    REQUIRE(ruling.key_ids.size() == 2);
    REQUIRE(ruling.reason.find("targets/releases") != std::string::npos);
    REQUIRE(ruling.reason.find('\n') == std::string::npos);
    REQUIRE_FALSE(ruling.broke_glass);
  }
  const Ruling ruling = judged(at("registry.airgap.local/mirror/redis:7.2", 100));
  REQUIRE(ruling.local == at("registry.airgap.local/mirror/redis:7.2", 100));
  REQUIRE(ruling.origin == at("docker.io/library/redis:7.2", 100));
  REQUIRE(ruling.digest == numbered_digest(100));
}

TEST_CASE("children are accepted through their parent, within its repository") {
  REQUIRE(judged(at("redis", 101)).verdict == Verdict::allow);
  REQUIRE(judged(at("redis:7.2", 102)).verdict == Verdict::allow);
  REQUIRE(judged(at("redis:7.2", 102)).digest == numbered_digest(102));
  REQUIRE(denied(at("acme/brief", 101)) == ErrorCode::target_missing);
  REQUIRE(denied(at("redis", 401)) == ErrorCode::target_missing);
  // Of another tag's image.
  REQUIRE(denied(at("redis:7.2", 201)) == ErrorCode::target_mismatch);
}

TEST_CASE("a digest must be that of its tag") {
  const Ruling ruling = judged(at("redis:7.2", 200));
  REQUIRE(ruling.code == ErrorCode::target_mismatch);
  REQUIRE(ruling.digest == numbered_digest(100));
  REQUIRE(denied(at("redis:7.2", 999)) == ErrorCode::target_mismatch);
  REQUIRE(denied(at("redis:8", 100)) == ErrorCode::target_missing);
}

TEST_CASE("a tag is pinned, refused or accepted, as the one who asks can do with it") {
  const Ruling pinned = judged("registry.airgap.local/mirror/redis:7.2", TagPolicy::pin);
  REQUIRE(pinned.verdict == Verdict::mutate);
  REQUIRE(pinned.allowed());
  REQUIRE(pinned.pinned == at("registry.airgap.local/mirror/redis:7.2", 100));
  REQUIRE(judged(pinned.pinned).verdict == Verdict::allow);
  REQUIRE(judged("registry.airgap.local/apps/brief:stable", TagPolicy::pin).pinned ==
          at("registry.airgap.local/apps/brief:stable", 400));
  REQUIRE(judged("redis:7.2", TagPolicy::accept).verdict == Verdict::allow);
  const Ruling demanded = judged("redis:7.2");
  REQUIRE(demanded.verdict == Verdict::deny);
  REQUIRE(demanded.code == ErrorCode::denied);
  REQUIRE(demanded.rule == "require-digest");
  REQUIRE(demanded.digest == numbered_digest(100));
  REQUIRE(demanded.reason.find(numbered_digest(100).text()) != std::string::npos);
}

TEST_CASE("what a tag was resolved to must be what was signed") {
  Question question = about("docker.io/library/redis:7.2");
  question.resolved = numbered_digest(100);
  REQUIRE(sample_judge().judge(question, kDay).verdict == Verdict::allow);
  question.resolved = numbered_digest(200);
  REQUIRE(sample_judge().judge(question, kDay).code == ErrorCode::target_mismatch);
  question.resolved = numbered_digest(101);  // a tag leads to the index, not to a part of it
  REQUIRE(sample_judge().judge(question, kDay).code == ErrorCode::target_mismatch);
  question.reference = at("docker.io/library/redis", 101);
  REQUIRE(sample_judge().judge(question, kDay).verdict == Verdict::allow);
  question.resolved = numbered_digest(100);
  REQUIRE(sample_judge().judge(question, kDay).code == ErrorCode::digest_mismatch);
  question.tags = TagPolicy::pin;
  question.reference = "redis:7.2";
  REQUIRE(sample_judge().judge(question, kDay).verdict == Verdict::allow);
}

TEST_CASE("what nobody knows is refused, in words that say what was looked for") {
  for (const auto policy : {TagPolicy::pin, TagPolicy::demand, TagPolicy::accept}) {
    REQUIRE(denied("nginx", policy) == ErrorCode::target_missing);
    REQUIRE(denied("redis", policy) == ErrorCode::target_missing);  // latest
    REQUIRE(denied("registry.test/redis:7.2", policy) == ErrorCode::target_missing);
    REQUIRE(denied(at("nginx", 100), policy) == ErrorCode::target_missing);
  }
  const Ruling ruling = judged("registry.airgap.local/mirror/nginx:1");
  REQUIRE(ruling.rule == "unknown-image");
  REQUIRE(ruling.reason.find("docker.io/library/nginx") != std::string::npos);
  REQUIRE(ruling.reason.find("registry.airgap.local/mirror") != std::string::npos);
  REQUIRE_FALSE(ruling.digest);
}

TEST_CASE("what is no reference is refused") {
  for (const std::string text : {"", " ", "Redis", "redis@sha256:1", "a\nb", "\x1b[2J", "redis:7.2 "}) {
    CAPTURE(text);
    REQUIRE(denied(text) == ErrorCode::invalid_reference);
    REQUIRE(judged(text).origin.empty());
    REQUIRE(judged(text).reason.find('\n') == std::string::npos);
    REQUIRE(judged(text).local.find('\x1b') == std::string::npos);
  }
  REQUIRE(judged(std::string(100'000, 'a')).local.size() < 1000);
}

TEST_CASE("what a rule refused stays refused, with its reason") {
  for (const auto& reference : {std::string("acme/old:1"), at("acme/old", 300), at("acme/old:1", 301)}) {
    const Ruling ruling = judged(reference, TagPolicy::accept);
    REQUIRE(ruling.code == ErrorCode::denied);
    REQUIRE(ruling.reason.find("withdrawn, see notice 7") != std::string::npos);
    REQUIRE(ruling.rule == "docker.io/*");
  }
}

TEST_CASE("a decision is given up when its proof lapses") {
  const std::string reference = at("acme/brief:1", 400);
  REQUIRE(judged(reference, TagPolicy::demand, kDay.plus_seconds(86399)).verdict == Verdict::allow);
  const Ruling late = judged(reference, TagPolicy::demand, kDay.plus_seconds(86400));
  REQUIRE(late.code == ErrorCode::expired);
  REQUIRE(late.reason.find("seal") != std::string::npos);
  REQUIRE(judged(at("acme/brief", 401), TagPolicy::demand, kDay.plus_seconds(86400)).code == ErrorCode::expired);
  REQUIRE(judged("acme/brief:1", TagPolicy::pin, kDay.plus_seconds(86400)).code == ErrorCode::expired);
}

TEST_CASE("an image that may run answers for a manifest that a lapsed one has too") {
  auto content = test::sample_decisions();
  auto lapsed = test::known_image("docker.io/library/redis:7", 100);
  lapsed.good_until = kDay;
  content.images.push_back(lapsed);
  const Judge judge(enforce::Snapshot::own(enforce::write_snapshot(content)), {});
  REQUIRE(judge.judge(about(at("redis", 101)), kDay).verdict == Verdict::allow);
  REQUIRE(judge.judge(about(at("redis:7", 101)), kDay).code == ErrorCode::expired);
}

TEST_CASE("a clock behind the floor decides nothing") {
  const base::Time floor = test::sample_decisions().clock_floor;
  const std::string reference = at("redis", 100);
  REQUIRE(judged(reference, TagPolicy::demand, floor.plus_seconds(-300)).verdict == Verdict::allow);
  const Ruling ruling = judged(reference, TagPolicy::demand, floor.plus_seconds(-301));
  REQUIRE(ruling.code == ErrorCode::clock_behind);
  REQUIRE(ruling.rule == "clock");
  // Nor does a token: how long it is good for cannot be told.
  Question question = about(at("nginx", 1));
  question.place = "shop";
  question.tokens = {token({1})};
  REQUIRE(sample_judge().judge(question, floor.plus_seconds(-301)).code == ErrorCode::clock_behind);
}

TEST_CASE("a token lets its digests run in its namespace while it lasts") {
  Question question = about(at("nginx:1", 1));
  question.place = "shop";
  question.tokens = {"rubbish", token({1, 2})};
  const auto judge = sample_judge();
  const Ruling ruling = judge.judge(question, kDay);
  REQUIRE(ruling.verdict == Verdict::allow);
  REQUIRE(ruling.broke_glass);
  REQUIRE_FALSE(ruling.code);
  REQUIRE(ruling.rule == "break-glass");
  REQUIRE(ruling.token.find("duty") != std::string::npos);
  REQUIRE(ruling.token.find("incident 7") != std::string::npos);
  REQUIRE(ruling.digest == numbered_digest(1));
  REQUIRE(judge.judge(question, kDay.plus_seconds(3599)).broke_glass);
  REQUIRE_FALSE(judge.judge(question, kDay.plus_seconds(3600)).allowed());
  REQUIRE_FALSE(judge.judge(question, kDay.plus_seconds(-1)).allowed());
  const auto with = [&](auto change) {
    Question other = question;
    change(other);
    return judge.judge(other, kDay).allowed();
  };
  REQUIRE(with([](Question& other) { other.reference = at("docker.io/library/redis:7.2", 2); }));
  REQUIRE(with([](Question& other) { other.reference = at("acme/old", 300), other.tokens = {token({300})}; }));
  REQUIRE_FALSE(with([](Question& other) { other.place = "shops"; }));
  REQUIRE_FALSE(with([](Question& other) { other.place.clear(); }));
  REQUIRE_FALSE(with([](Question& other) { other.reference = at("nginx:1", 3); }));
  REQUIRE_FALSE(with([](Question& other) { other.reference = "nginx:1"; }));
  REQUIRE_FALSE(with([](Question& other) { other.tokens = {token({1}, "shop", 4)}; }));
  REQUIRE_FALSE(with([](Question& other) { other.tokens = {token({1}, "other")}; }));
  REQUIRE_FALSE(with([](Question& other) { other.tokens.assign(9, other.tokens.back()); }));
  REQUIRE_FALSE(Judge(test::sample_snapshot(), {}).judge(question, kDay).allowed());
  // With what the tag was resolved to it is known what would run.
  REQUIRE(with([](Question& other) { other.reference = "nginx:1", other.resolved = numbered_digest(1); }));
  REQUIRE_FALSE(with([](Question& other) { other.resolved = numbered_digest(2); }));
}

TEST_CASE("the tokens of a request are proven once for all of its images, and none before it is needed") {
  const auto judge = sample_judge();
  Question question = about(at("redis", 100));
  question.place = "shop";
  question.tokens = {"rubbish", token({1, 2})};
  std::vector<enforce::TriedToken> tried;
  REQUIRE_FALSE(judge.judge(question, kDay, &tried).broke_glass);
  REQUIRE(tried.empty());
  question.reference = at("nginx", 3);
  REQUIRE_FALSE(judge.judge(question, kDay, &tried).allowed());
  REQUIRE(tried.size() == 2);
  REQUIRE(tried[0].why_not.ends_with("[malformed]"));
  REQUIRE(tried[1].proven->signer == "duty");
  // What was found is used again: with other findings the next image fares otherwise.
  question.reference = at("nginx", 2);
  REQUIRE(judge.judge(question, kDay, &tried).broke_glass);
  tried[1] = {std::nullopt, "seen before"};
  REQUIRE(judge.judge(question, kDay, &tried).reason.find("seen before") != std::string::npos);
}

TEST_CASE("no token is looked at for what may run") {
  Question question = about(at("redis", 100));
  question.place = "shop";
  question.tokens = {token({100})};
  REQUIRE_FALSE(sample_judge().judge(question, kDay).broke_glass);
}

/// Names and digests of all kinds, known or not.
std::string any_reference() {
  static const std::vector<std::string> names{"redis",
                                              "docker.io/library/redis",
                                              "registry.airgap.local/mirror/redis",
                                              "acme/old",
                                              "acme/brief",
                                              "registry.airgap.local/apps/brief",
                                              "nginx",
                                              "registry.test/redis",
                                              "Redis",
                                              ""};
  static const std::vector<std::string> tags{"", ":7.2", ":7.0", ":1", ":stable", ":latest", ":9", ":"};
  const auto number = *rc::gen::element(100U, 101U, 102U, 200U, 202U, 300U, 301U, 400U, 401U, 999U, 0U);
  const std::string digest = number == 0 ? "" : "@" + numbered_digest(number).text();
  return *rc::gen::elementOf(names) + *rc::gen::elementOf(tags) + digest;
}

TEST_CASE("nothing runs that is not in a proven closure, unless a token says so") {
  const auto snapshot = test::sample_snapshot();
  // What may run at all: manifests below images that are not refused.
  std::map<std::string, std::set<digest::Digest>> closures;
  for (std::size_t i = 0; i < snapshot->images(); ++i) {
    const auto view = snapshot->at(i);
    if (view.refused) continue;
    auto& closure = closures[std::string(view.origin.substr(0, view.origin.rfind(':')))];
    closure.insert(view.digest);
    for (const auto& child : snapshot->children(i)) closure.insert(child);
  }
  const std::vector<std::string> tokens{token({300, 999}), token({100}), token({999}, "other"),
                                        token({400}, "shop", 9)};
  const bool passes = rc::check([&] {
    Question question;
    question.reference = any_reference();
    question.tags = *rc::gen::element(TagPolicy::pin, TagPolicy::demand, TagPolicy::accept);
    question.place = *rc::gen::element(std::string(), std::string("shop"), std::string("other"));
    if (*rc::gen::arbitrary<bool>()) question.tokens = {*rc::gen::elementOf(tokens)};
    if (*rc::gen::inRange(0, 3) == 0) question.resolved = numbered_digest(*rc::gen::element(100U, 101U, 999U));
    const base::Time now = kDay.plus_seconds(*rc::gen::element(-9999, 0, 1, 86400));
    const Ruling ruling = Judge(snapshot, operators()).judge(question, now);
    RC_ASSERT(ruling.code.has_value() == !ruling.allowed());
    RC_ASSERT(!ruling.reason.empty());
    RC_ASSERT(!ruling.rule.empty());
    if (!ruling.allowed()) return;
    RC_ASSERT(now >= snapshot->clock_floor());
    const auto origin = oci::parse_reference(ruling.origin, false);
    if (ruling.broke_glass) {
      const std::set<unsigned> named =
          question.place == "shop" ? std::set<unsigned>{100, 300, 999} : std::set<unsigned>{999};
      RC_ASSERT(question.place == "shop" || question.place == "other");
      RC_ASSERT(std::ranges::any_of(named, [&](unsigned each) { return ruling.digest == numbered_digest(each); }));
      RC_ASSERT(now < kDay.plus_seconds(3600));
      return;
    }
    RC_ASSERT(closures.contains(origin.repository()));
    RC_ASSERT(closures.at(origin.repository()).contains(*ruling.digest));
    if (origin.digest) RC_ASSERT(*ruling.digest == *origin.digest);
    if (question.resolved) RC_ASSERT(*ruling.digest == *question.resolved);
    if (ruling.verdict == Verdict::mutate) {
      RC_ASSERT(question.tags == TagPolicy::pin);
      RC_ASSERT(Judge(snapshot, {}).judge(about(ruling.pinned), now).verdict == Verdict::allow);
    }
  });
  REQUIRE(passes);
}

}  // namespace
