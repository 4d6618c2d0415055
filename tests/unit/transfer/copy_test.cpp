// Copying: packing and importing in one pass.
#include <algorithm>
#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "support/error_of.h"
#include "support/transfer_lab.h"

namespace gapstow::test {
namespace {

using base::ErrorCode;
using Fate = oci::Delivery::Blob::Fate;

const std::string kGun = "near.test/team/app";

struct Pair : Lab {
  explicit Pair(unsigned retries = 2) : Lab(retries) {
    near.push("team/app", "1.0", image);
    serve(app.sign("1.0", image.manifest));
  }
  LabRegistry near;
  LabRegistry far;
  SignedRepository app{kGun};
  MadeImage image = make_image("first");

  transfer::PackRequest one() { return request(near.location("team/app:1.0"), kGun + ":1.0"); }
  transfer::Outcome copy_one(const std::string& reason = "") { return copy(one(), far, into(far), reason); }
};

trust::Rule rule_for(const std::string& pattern) {
  trust::Rule rule;
  rule.pattern = trust::Pattern::parse(pattern);
  return rule;
}

}  // namespace

TEST_CASE("a copy has the digests and the outcome of packing and importing") {
  Pair lab;
  const auto signature = make_artifact("signature", &lab.image.root);
  lab.near.push("team/app", "", signature);
  const auto copied = lab.copy_one();
  REQUIRE_FALSE(copied.refusal());
  CHECK(lab.far.tag("team/app", "1.0") == lab.image.root.digest.text());
  CHECK(lab.far->at("team/app").manifests.at(lab.image.root.digest.text()).bytes == lab.image.manifest);

  LabRegistry other;
  const auto copied_state = lab.state_path;
  lab.state_path = lab.folder / "other.db";
  lab.pack(lab.one());
  const auto imported = lab.import(other);
  CHECK(other->at("team/app").manifests.size() == lab.far->at("team/app").manifests.size());
  CHECK(other->at("team/app").blobs == lab.far->at("team/app").blobs);
  CHECK(other->at("team/app").tags == lab.far->at("team/app").tags);
  REQUIRE(copied.images.size() == 1);
  CHECK(copied.images[0].record == imported.images[0].record);
  CHECK(copied.images[0].bytes == imported.images[0].bytes);
  CHECK(copied.images[0].blobs == imported.images[0].blobs);
  CHECK(copied.images[0].imported_as == lab.far.host() + "/team/app:1.0");
  CHECK(copied.images[0].target->role == imported.images[0].target->role);
  CHECK(copied.chains.size() == imported.chains.size());
  CHECK(copied.bundle_id == imported.bundle_id);
  CHECK(copied.signers.size() == 1);
  CHECK(lab.history().size() == 1);
  lab.state_path = copied_state;
  CHECK(lab.history().size() == 1);
  CHECK(lab.history()[0].images.size() == 1);
}

TEST_CASE("blobs that are there are not fetched") {
  Pair lab;
  REQUIRE_FALSE(lab.copy_one().refusal());
  lab.near->clear_log();
  lab.far->clear_log();
  const auto again = lab.copy_one();
  REQUIRE_FALSE(again.refusal());
  CHECK(lab.far.changes() == 0);
  for (const auto& layer : lab.image.packed) {
    CHECK(lab.near.count("GET /v2/team/app/blobs/" + digest_of(layer).text()) == 0);
  }
  for (const auto& blob : again.images[0].delivery->blobs) CHECK(blob.fate == Fate::present);
}

TEST_CASE("a rehearsal of a copy changes nothing and fetches no layer") {
  Pair lab;
  auto options = lab.into(lab.far);
  options.dry_run = true;
  const auto outcome = lab.copy(lab.one(), lab.far, options);
  CHECK(outcome.is_rehearsal);
  CHECK(lab.far.changes() == 0);
  CHECK_FALSE(lab.has_state());
  for (const auto& layer : lab.image.packed) {
    CHECK(lab.near.count("GET /v2/team/app/blobs/" + digest_of(layer).text()) == 0);
  }
  CHECK(outcome.images[0].delivery->blobs.size() == 4);
}

TEST_CASE("a copy does not go back behind what was seen") {
  Pair lab;
  lab.serve(lab.app, 5);
  REQUIRE_FALSE(lab.copy_one().refusal());
  lab.serve(lab.app, 4);
  LabRegistry third;
  const auto refused = lab.copy(lab.one(), third, lab.into(third));
  REQUIRE(refused.refusal());
  CHECK(refused.refusal()->code == ErrorCode::rollback);
  CHECK(third->calls() == 0);
  CHECK(lab.history().size() == 1);
  const auto allowed = lab.copy(lab.one(), third, lab.into(third), "restoring");
  CHECK_FALSE(allowed.refusal());
  CHECK(allowed.rollback_reason == "restoring");
  REQUIRE(lab.history().size() == 2);
  CHECK(lab.history()[0].rollback_reason == "restoring");
}

TEST_CASE("rules hold for copies too") {
  Pair lab;
  trust::Rule rule = rule_for(kGun);
  SECTION("a signer is demanded that does not sign") {
    lab.store.signers.push_back({"second", sample_key(2).public_key()});
    rule.signers = {"second"};
    lab.store.rules = {rule};
    CHECK(lab.copy_one().refusal()->code == ErrorCode::denied);
    auto request = lab.one();
    request.signers.clear();
    CHECK(lab.copy(request, lab.far, lab.into(lab.far)).refusal()->code == ErrorCode::denied);
    CHECK(lab.far->calls() == 0);
    const auto second = sample_key(2);
    request.signers = {&second};
    CHECK_FALSE(lab.copy(request, lab.far, lab.into(lab.far)).refusal());
  }
  SECTION("denied") {
    rule.deny = "withdrawn";
    lab.store.rules = {rule};
    const auto code = error_of([&] {
      const auto outcome = lab.copy_one();
      if (outcome.refusal()) throw base::Error(outcome.refusal()->code, "");
    });
    CHECK(code == ErrorCode::denied);
    CHECK(lab.far->calls() == 0);
  }
  SECTION("no chain") {
    auto request = lab.unproven(lab.near.location("team/app:1.0"), kGun + ":1.0");
    lab.store.rules.clear();
    CHECK(lab.copy(request, lab.far, lab.into(lab.far)).refusal()->code == ErrorCode::denied);
    CHECK(lab.far->calls() == 0);
  }
  CHECK((lab.far->tags().empty() == !lab.has_state()));
}

TEST_CASE("without a signer a copy has no seal, and no chain to attach") {
  Pair lab;
  auto request = lab.one();
  request.signers.clear();
  auto options = lab.into(lab.far);
  options.attach_chain = true;
  REQUIRE_ERROR(usage, lab.copy(request, lab.far, options));
  CHECK(lab.far.changes() == 0);
  CHECK_FALSE(lab.has_state());
  const auto outcome = lab.copy(request, lab.far, lab.into(lab.far));
  REQUIRE_FALSE(outcome.refusal());
  CHECK(outcome.bundle_id.empty());
  CHECK(outcome.signers.empty());

  REQUIRE_FALSE(lab.copy(lab.one(), lab.far, options).refusal());
  auto attached = lab.request();
  attached.images.push_back({lab.far.location("team/app:1.0"), "", false});
  attached.attached_chains = true;
  CHECK(lab.pack(attached).bundle.images[0].record.reference == kGun + ":1.0");
}

TEST_CASE("an expired chain stops a copy, unless that is let pass") {
  Pair lab;
  lab.serve(lab.app, 2, "2026-11-01T00:00:00Z");
  const auto code = error_of([&] {
    const auto outcome = lab.copy_one();
    if (outcome.refusal()) throw base::Error(outcome.refusal()->code, "");
  });
  CHECK(code == ErrorCode::expired);
  CHECK(lab.far->calls() == 0);
  auto request = lab.one();
  request.policy.expiry = trust::ExpiryRule::ignore;
  CHECK_FALSE(lab.copy(request, lab.far, lab.into(lab.far)).refusal());
}

TEST_CASE("images of files are copied too") {
  Pair lab;
  const auto request = sample_request(lab.fs, lab.store, lab.signer);
  REQUIRE_FALSE(lab.copy(request, lab.far, lab.into(lab.far, "mirror")).refusal());
  CHECK(lab.far.tag("mirror/lab/app", "1.1") == kSampleDigest);

  auto classic = sample_request(lab.fs, lab.store, lab.signer, "dct-delegated",
                                "docker-archive:" + kSamples + "/images/app-1.1.docker-save.tar");
  classic.manifests.push_back(base::read_file(lab.fs, kSamples + "/images/manifests/app-1.1.manifest.json", 1 << 20));
  LabRegistry third;
  REQUIRE_ERROR(digest_unavailable, lab.copy(classic, third, lab.into(third)));
  CHECK(third->calls() == 0);
}

TEST_CASE("wrong bytes leave no tag and no state") {
  Pair lab;
  for (const auto& layer : lab.image.packed) {
    auto& bytes = lab.near->at("team/app").blobs.at(digest_of(layer).text());
    bytes[5] ^= 1;
    for (const bool keep_going : {false, true}) {
      LabRegistry far;  // what came before is not fetched again
      auto options = lab.into(far);
      options.keep_going = keep_going;
      CHECK(error_of([&] { lab.copy(lab.one(), far, options); }) == ErrorCode::digest_mismatch);
      CHECK(far->tags().empty());
      CHECK_FALSE(lab.has_state());
    }
    bytes[5] ^= 1;
  }
}

TEST_CASE("whichever request of the source fails, a copy leaves no tag and no state") {
  Pair lab(0);
  lab.near.failure_status = 503;
  lab.near->clear_log();
  lab.copy_one();
  const auto calls = lab.near->calls();
  lab.fs.remove(lab.state_path);
  std::size_t failed = 0;
  for (std::uint64_t i = 1; i <= calls; ++i) {
    LabRegistry far;
    lab.near->clear_log();
    lab.near->faults.fail_call = i;
    INFO("request " << i);
    const auto code = error_of([&] { lab.copy(lab.one(), far, lab.into(far)); });
    lab.near->faults.fail_call = 0;
    if (code) {
      ++failed;
      CHECK(*code == ErrorCode::network);
      CHECK(far->tags().empty());
      CHECK_FALSE(lab.has_state());
    } else {
      lab.fs.remove(lab.state_path);
    }
  }
  CHECK(failed > 3);
}

TEST_CASE("a run that keeps going copies what it can") {
  Pair lab;
  auto request = lab.one();
  request.images.push_back({lab.near.location("team/none:1.0"), "near.test/team/none:1.0", false});
  request.keep_going = true;
  auto options = lab.into(lab.far);
  options.keep_going = true;
  const auto outcome = lab.copy(request, lab.far, options);
  REQUIRE(outcome.refusal());
  CHECK(outcome.failures.size() == 1);
  CHECK(lab.far.tag("team/app", "1.0") == lab.image.root.digest.text());
  CHECK(lab.history().size() == 1);
}

TEST_CASE("a seal time ahead of the clock does not move the floor of the clock") {
  Pair lab;
  auto request = lab.one();
  request.sealed_at = base::parse_time("2030-01-01T00:00:00Z");
  CHECK_FALSE(error_of([&] { lab.copy(request, lab.far, lab.into(lab.far)); }));
  REQUIRE(lab.has_state());
  CHECK_FALSE(lab.copy_one().refusal());
}

}  // namespace gapstow::test
