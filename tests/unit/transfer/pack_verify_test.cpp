// Packing, verifying and importing the real sample image with its real chain.
#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "gapstow/bundle/parts.h"
#include "support/error_of.h"
#include "support/temp_folder.h"
#include "support/transfer_samples.h"

namespace gapstow::test {
namespace {

using base::ErrorCode;

struct World {
  base::SystemFs fs;
  FixedClock clock{sample_time()};
  base::CancelToken cancel;
  transfer::SilentObserver observer;
  trust::TrustStore store = sample_store();
  sign::SecretKey signer = sample_key();
  TempFolder folder;
  std::string bundle = folder / "app.gapstow";
  std::string state_path = folder / "state.db";

  transfer::Surroundings around() { return {fs, clock, cancel, observer, 2}; }

  transfer::PackOutcome pack(const transfer::PackRequest& request) { return transfer::pack(request, bundle, around()); }
  transfer::Outcome verify(const trust::TrustStore& with, trust::State* state = nullptr,
                           const std::vector<std::string>& paths = {}, trust::RunPolicy policy = {},
                           std::optional<base::Time> at = std::nullopt) {
    base::MemorySource nothing({});
    const auto input = transfer::open_bundle(fs, paths.empty() ? std::vector{bundle} : paths, nothing);
    return transfer::verify(*input, {with, policy, at, ""}, state, around());
  }
  transfer::Outcome verify_stream(const trust::TrustStore& with) {
    const auto bytes = base::read_file(fs, bundle, 1 << 26);
    base::MemorySource stream(bytes);
    const auto input = transfer::open_bundle(fs, {"-"}, stream);
    return transfer::verify(*input, {with, {}, std::nullopt, ""}, nullptr, around());
  }
  transfer::Outcome import(oci::ImageDestination& destination, const std::string& reason = "") {
    base::MemorySource nothing({});
    const auto input = transfer::open_bundle(fs, {bundle}, nothing);
    return transfer::import(*input, {store, {}, std::nullopt, reason}, destination, {}, state_path, around());
  }
};

}  // namespace

TEST_CASE("an image packed with its chain verifies, from a file, a stream and parts") {
  World world;
  const auto packed = world.pack(sample_request(world.fs, world.store, world.signer));
  REQUIRE(packed.bundle.images.size() == 1);
  CHECK(packed.bundle.images[0].record.digest.text() == kSampleDigest);

  const auto outcome = world.verify(world.store);
  REQUIRE_FALSE(outcome.refusal());
  REQUIRE(outcome.images.size() == 1);
  CHECK(outcome.images[0].record.reference == kSampleReference);
  CHECK(outcome.images[0].target->role == "targets/releases");
  CHECK(outcome.chains[0].first_root == 1);
  CHECK(outcome.signers.size() == 1);
  CHECK_FALSE(world.verify_stream(world.store).refusal());

  const auto file = world.fs.open(world.bundle);
  auto parts = bundle::split(world.fs, *file, 400'000, world.folder / "part", world.cancel);
  REQUIRE(parts.size() > 2);
  std::ranges::reverse(parts);
  CHECK_FALSE(world.verify(world.store, nullptr, parts).refusal());
  parts.pop_back();
  REQUIRE_ERROR(truncated, world.verify(world.store, nullptr, parts));
}

TEST_CASE("equal input, key and time give equal bytes, to a file and to a stream") {
  World world;
  world.pack(sample_request(world.fs, world.store, world.signer));
  const auto first = base::read_file(world.fs, world.bundle, 1 << 26);
  world.pack(sample_request(world.fs, world.store, world.signer));
  CHECK(base::read_file(world.fs, world.bundle, 1 << 26) == first);
  base::MemorySink stream;
  transfer::pack(sample_request(world.fs, world.store, world.signer), stream, world.around());
  CHECK(stream.bytes() == first);
}

TEST_CASE("an image that is not the signed one is refused, and nothing is written") {
  World world;
  const std::string images = kSamples + "/images/";
  for (const auto* location : {"app-1.1.skopeo-oci.tar", "app-1.1.docker-save.tar"}) {
    const std::string transport =
        std::string(location).find("docker") == std::string::npos ? "oci-archive:" : "docker-archive:";
    const auto request =
        sample_request(world.fs, world.store, world.signer, "dct-delegated", transport + images + location);
    REQUIRE_ERROR(target_mismatch, world.pack(request));
    CHECK_FALSE(world.fs.status(world.bundle));
  }
}

TEST_CASE("a classic docker archive is bound to its signed manifest by diff_ids") {
  World world;
  auto request = sample_request(world.fs, world.store, world.signer, "dct-delegated",
                                "docker-archive:" + kSamples + "/images/app-1.1.docker-save.tar");
  request.manifests.push_back(base::read_file(world.fs, kSamples + "/images/manifests/app-1.1.manifest.json", 1 << 20));
  world.pack(request);
  const auto outcome = world.verify(world.store);
  REQUIRE_FALSE(outcome.refusal());
  CHECK(outcome.images[0].record.binding == "diff-ids");
  CHECK(outcome.images[0].record.digest.text() == kSampleDigest);

  const auto state = trust::State::open_or_create(world.state_path);
  const auto layout = oci::make_oci_folder(world.fs, world.folder / "layout", "");
  REQUIRE_ERROR(digest_unavailable, world.import(*layout));
  CHECK(state->history(1).empty());
  const auto archive = oci::make_docker_archive(world.fs, world.folder / "docker.tar");
  CHECK_FALSE(world.import(*archive).refusal());
  CHECK(state->history(10).size() == 1);
}

TEST_CASE("what is pinned decides") {
  World world;
  world.pack(sample_request(world.fs, world.store, world.signer));

  trust::TrustStore empty;
  REQUIRE_ERROR(untrusted_key, world.verify(empty));
  trust::TrustStore other = world.store;
  other.signers = {{"other", sample_key(2).public_key()}};
  REQUIRE_ERROR(untrusted_key, world.verify(other));
  trust::TrustStore two = world.store;
  two.threshold = 2;
  two.signers.push_back({"second", sample_key(2).public_key()});
  REQUIRE_ERROR(threshold_unmet, world.verify(two));
  trust::TrustStore unpinned = world.store;
  unpinned.roots.clear();
  REQUIRE_ERROR(untrusted_root, world.verify(unpinned));
  trust::TrustStore wrong = world.store;
  wrong.roots[0].value = std::string(64, 'a');
  REQUIRE_ERROR(pin_mismatch, world.verify(wrong));
}

TEST_CASE("rules deny, and everything else stays proven") {
  World world;
  world.pack(sample_request(world.fs, world.store, world.signer));
  trust::Rule rule;
  rule.pattern = trust::Pattern::parse("localhost:5000/lab/*");
  rule.deny = "withdrawn";
  world.store.rules = {rule};
  REQUIRE(world.verify(world.store).refusal());
  CHECK(world.verify(world.store).refusal()->code == ErrorCode::denied);
  rule.deny.reset();
  rule.roles = {"targets"};
  world.store.rules = {rule};
  CHECK(world.verify(world.store).refusal()->code == ErrorCode::denied);
}

TEST_CASE("expiry is judged by the clock that the rule names") {
  World world;
  world.pack(sample_request(world.fs, world.store, world.signer));
  const auto later = base::parse_time("2026-12-20T00:00:00Z");
  const auto much_later = base::parse_time("2027-06-01T00:00:00Z");
  using trust::ExpiryRule;
  CHECK_FALSE(world.verify(world.store, nullptr, {}, {}, later).refusal());
  CHECK(world.verify(world.store, nullptr, {}, {ExpiryRule::now, {}}, later).refusal()->code == ErrorCode::expired);
  CHECK(world.verify(world.store, nullptr, {}, {}, much_later).refusal()->code == ErrorCode::expired);
  CHECK_FALSE(world.verify(world.store, nullptr, {}, {ExpiryRule::ignore, {}}, much_later).refusal());

  auto late = sample_request(world.fs, world.store, world.signer);
  late.at = later;
  REQUIRE_ERROR(expired, world.pack(late));
  late.policy.expiry = ExpiryRule::ignore;
  const auto packed = world.pack(late);
  CHECK_FALSE(packed.bundle.packed_with.expired.empty());
}

TEST_CASE("an older chain after a newer one is a rollback, unless it is allowed with a reason") {
  World world;
  const auto state = trust::State::open_or_create(world.state_path);
  pack_sample(world.fs, world.bundle, "dct-rotated");
  const auto first = oci::make_oci_archive(world.fs, world.folder / "first.tar", "");
  REQUIRE_FALSE(world.import(*first).refusal());

  pack_sample(world.fs, world.bundle, "dct-delegated");
  CHECK(world.verify(world.store, state.get()).refusal()->code == ErrorCode::rollback);
  const auto second = oci::make_oci_archive(world.fs, world.folder / "second.tar", "");
  CHECK(world.import(*second).refusal()->code == ErrorCode::rollback);
  CHECK_FALSE(world.fs.status(world.folder / "second.tar"));
  CHECK(state->history(10).size() == 1);

  const auto third = oci::make_oci_archive(world.fs, world.folder / "third.tar", "");
  const auto allowed = world.import(*third, "restoring a lost machine");
  CHECK_FALSE(allowed.refusal());
  CHECK(allowed.rollback_reason == "restoring a lost machine");
  REQUIRE(state->history(10).size() == 2);
  CHECK(state->history(10)[0].rollback_reason == "restoring a lost machine");
}

TEST_CASE("the imported archive is the image that was signed") {
  World world;
  world.pack(sample_request(world.fs, world.store, world.signer));
  const auto state = trust::State::open_or_create(world.state_path);
  const auto archive = oci::make_oci_archive(world.fs, world.folder / "out.tar", "");
  REQUIRE_FALSE(world.import(*archive).refusal());
  const auto source = oci::open_oci_archive(world.fs, world.folder / "out.tar");
  REQUIRE(source->images().size() == 1);
  CHECK(source->images()[0].root.digest.text() == kSampleDigest);
  // What was imported can be packed again, without any name given.
  auto request =
      sample_request(world.fs, world.store, world.signer, "dct-delegated", "oci-archive:" + (world.folder / "out.tar"));
  request.images[0].name.clear();
  CHECK(world.pack(request).bundle.images[0].record.reference == kSampleReference);
}

TEST_CASE("any byte changed in a bundle is found") {
  World world;
  world.pack(sample_request(world.fs, world.store, world.signer));
  auto bytes = base::read_file(world.fs, world.bundle, 1 << 26);
  const std::size_t step = 7919;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    bytes[at] ^= std::byte{1};
    base::write_file(world.fs, world.bundle, bytes);
    const auto code = error_of([&] { world.verify(world.store); });
    INFO("byte " << at);
    REQUIRE(code);
    const int exit = base::exit_code(*code);
    CHECK((exit == 1 || exit == 4));
    bytes[at] ^= std::byte{1};
  }
}

TEST_CASE("a chain proves the repository and tag it names, nothing else") {
  World world;
  auto request = sample_request(world.fs, world.store, world.signer);
  request.images[0].name = "localhost:5000/lab/app:2.0";
  REQUIRE_ERROR(target_mismatch, world.pack(request));
  request.images[0].name = "localhost:5000/lab/app:9.9";
  REQUIRE_ERROR(target_missing, world.pack(request));
  request.images[0].name = "localhost:5000/lab/other:1.1";
  REQUIRE_ERROR(name_mismatch, world.pack(request));
  request.gun = kSampleGun;
  CHECK(world.pack(request).bundle.images[0].record.reference == kSampleReference);
}

TEST_CASE("a run that is cancelled leaves nothing") {
  World world;
  world.cancel.cancel();
  REQUIRE_ERROR(interrupted, world.pack(sample_request(world.fs, world.store, world.signer)));
  CHECK(world.fs.list(world.folder.path()).empty());
}

}  // namespace gapstow::test
