#include "gapstow/serve/decisions.h"

#include <catch2/catch.hpp>

#include "gapstow/enforce/judge.h"
#include "support/error_of.h"
#include "support/transfer_samples.h"

namespace gapstow::test {
namespace {

constexpr const char* kApp = "quay.io/acme/app:1";

digest::Digest digest_number(int number) { return digest::sha256(base::as_bytes(std::to_string(number))); }

/// One image, by a chain whose snapshot has this version (0: no chain), sealed so many seconds after the sample time.
transfer::Outcome outcome(const std::string& reference, int digest, std::uint64_t version, std::int64_t later = 0) {
  transfer::Outcome made;
  made.bundle_id = digest_number(1000 + digest).hex();
  made.sealed_at = sample_time().plus_seconds(later);
  made.clocks.sealed = made.sealed_at;
  made.clocks.sealed_is_proven = true;
  transfer::ImageOutcome image;
  image.record.reference = reference;
  image.record.digest = digest_number(digest);
  image.record.media_type = "application/vnd.oci.image.manifest.v1+json";
  image.manifests = {image.record.digest, digest_number(digest + 500)};
  image.decision.rule = "default";
  if (version != 0) {
    tuf::ProvenRole snapshot;
    snapshot.name = "snapshot";
    snapshot.version = version;
    made.chains.emplace_back();
    made.chains.back().gun = "quay.io/acme/app";
    made.chains.back().roles = {snapshot};
    image.record.proof = bundle::ProofRecord{0, "1", "targets"};
    image.target = tuf::ProvenTarget{};
    image.target->role = "targets";
  }
  made.images = {image};
  return made;
}

std::shared_ptr<const enforce::Snapshot> decide(const std::vector<transfer::Outcome>& outcomes) {
  const auto content = serve::decisions_of(outcomes, {}, {7, sample_time().plus_seconds(10), {}});
  return enforce::Snapshot::own(enforce::write_snapshot(content));
}

}  // namespace

TEST_CASE("of a tag that was moved the newer image counts, whatever the order of the bundles") {
  const auto by_version = std::vector{outcome(kApp, 1, 4, 100), outcome(kApp, 2, 5, 50)};
  const auto by_seal = std::vector{outcome(kApp, 1, 0, 50), outcome(kApp, 2, 0, 100)};
  for (auto outcomes : {by_version, by_seal}) {
    for (int turn = 0; turn < 2; ++turn) {
      const auto snapshot = decide(outcomes);
      REQUIRE(snapshot->images() == 1);
      CHECK(snapshot->find(kApp)->digest == digest_number(2));
      CHECK(snapshot->find("quay.io/acme/app", digest_number(1)).empty());
      std::ranges::reverse(outcomes);
    }
  }
}

TEST_CASE("two images of one version of a chain under one name are a conflict") {
  REQUIRE_ERROR(conflict, decide({outcome(kApp, 1, 4, 0), outcome(kApp, 2, 4, 100)}));
  REQUIRE_ERROR(conflict, decide({outcome(kApp, 1, 0, 0), outcome(kApp, 2, 0, 0)}));
}

TEST_CASE("the same image of two bundles counts once, with the manifests of both") {
  auto other = outcome(kApp, 1, 5);
  other.images[0].manifests.push_back(digest_number(900));
  const auto snapshot = decide({outcome(kApp, 1, 4), other});
  REQUIRE(snapshot->images() == 1);
  CHECK(snapshot->children(0).size() == 2);
}

TEST_CASE("an image without a tag is known by its digest, and by it alone") {
  const std::string reference = "quay.io/acme/app@" + digest_number(3).text();
  const auto snapshot = decide({outcome(reference, 3, 0), outcome(kApp, 1, 4), outcome("quay.io/acme/app2:1", 3, 0)});
  REQUIRE(snapshot->images() == 3);
  const enforce::Judge judge(snapshot, {});
  const auto ask = [&](const std::string& text) {
    return judge.judge({text, enforce::TagPolicy::accept, {}, {}, {}}, sample_time().plus_seconds(60)).allowed();
  };
  CHECK(ask(reference));
  CHECK(ask("quay.io/acme/app@" + digest_number(503).text()));
  CHECK(ask("quay.io/acme/app2@" + digest_number(3).text()));
  CHECK(ask("quay.io/acme/app:1"));
  CHECK_FALSE(ask("quay.io/acme/app:latest"));
  CHECK_FALSE(ask("quay.io/acme/app:1@" + digest_number(3).text()));
  CHECK_FALSE(ask("quay.io/acme/other@" + digest_number(3).text()));
}

TEST_CASE("what a rule refuses is known as refused, and what lapses is not good for ever") {
  auto refused = outcome(kApp, 1, 4);
  refused.images[0].decision.refuse(base::ErrorCode::denied, "frozen");
  CHECK(decide({refused})->find(kApp)->refused == base::ErrorCode::denied);
  auto lapsing = outcome(kApp, 1, 4);
  lapsing.images[0].decision.expiry.lapses_at({"seal", sample_time().plus_seconds(100), false, false});
  const auto snapshot = decide({lapsing});
  const enforce::Judge judge(snapshot, {});
  const enforce::Question question{kApp, enforce::TagPolicy::accept, {}, {}, {}};
  CHECK(judge.judge(question, sample_time().plus_seconds(99)).allowed());
  CHECK(judge.judge(question, sample_time().plus_seconds(101)).code == base::ErrorCode::expired);
}

}  // namespace gapstow::test
