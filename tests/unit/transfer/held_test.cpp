#include "gapstow/transfer/held.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "gapstow/bundle/parts.h"
#include "support/error_of.h"
#include "support/temp_folder.h"
#include "support/transfer_samples.h"

namespace gapstow::test {
namespace {

struct World {
  base::SystemFs fs;
  FixedClock clock{sample_time()};
  base::CancelToken cancel;
  transfer::SilentObserver observer;
  trust::TrustStore store = sample_store();
  TempFolder folder;
  std::string path = folder / "app.gapstow";

  World() { pack_sample(fs, path); }
  transfer::Surroundings around() { return {fs, clock, cancel, observer, 2}; }
  std::shared_ptr<const transfer::HeldBundle> hold(const std::vector<std::string>& paths, trust::RunPolicy policy = {},
                                                   trust::State* state = nullptr) {
    return transfer::hold_bundle(paths, {store, policy, std::nullopt, ""}, state, around());
  }
  std::vector<std::string> split() {
    const auto file = fs.open(path);
    return bundle::split(fs, *file, 400'000, folder / "part", cancel);
  }
};

}  // namespace

TEST_CASE("a held bundle has its decisions, its chains and its documents, and knows where the payload lies") {
  World world;
  const auto held = world.hold({world.path});
  REQUIRE(held->outcome().images.size() == 1);
  CHECK(held->outcome().images[0].decision.allowed());
  CHECK(held->outcome().images[0].manifests.size() == 1);
  REQUIRE(held->kept().images.size() == 1);
  REQUIRE(held->kept().chains.size() == 1);
  CHECK(held->kept().chains[0].roots.contains(1));
  const auto signed_digest = digest::Digest::parse(kSampleDigest);
  REQUIRE(held->kept().documents.contains(signed_digest));
  CHECK(digest::sha256(*held->kept().documents.at(signed_digest)) == signed_digest);
  CHECK_FALSE(held->payload(signed_digest));
  std::size_t layers = 0;
  for (const auto& blob : held->kept().images[0].blobs) {
    const auto entry = held->payload(blob.digest);
    if (!entry) continue;
    ++layers;
    CHECK_NOTHROW(held->bundle().prove(*entry, nullptr));
    base::Bytes bytes(blob.size);
    held->bundle().file()->read_at(held->bundle().content(*entry), bytes);
    CHECK(digest::sha256(bytes) == blob.digest);
  }
  CHECK(layers > 0);
}

TEST_CASE("what rules refuse is held as refused; what cannot be proven is not held") {
  World world;
  const auto late = world.hold({world.path}, {trust::ExpiryRule::sealed, 1});
  CHECK(late->outcome().images[0].decision.allowed());
  world.store.rules = {{trust::Pattern::parse("localhost:5000/*"), true, "frozen", {}, {}, {}, {}, {}}};
  CHECK_FALSE(world.hold({world.path})->outcome().images[0].decision.allowed());
  world.store.signers.clear();
  REQUIRE_ERROR(untrusted_key, world.hold({world.path}));
}

TEST_CASE("an accepted image says when that ends") {
  World world;
  const auto held = world.hold({world.path}, {trust::ExpiryRule::sealed, 3600});
  const auto& next = held->outcome().images[0].decision.expiry.next;
  REQUIRE(next);
  CHECK(next->what == "seal");
  CHECK(next->until == held->outcome().sealed_at.plus_seconds(3600));
  CHECK_FALSE(world.hold({world.path}, {trust::ExpiryRule::ignore, {}})->outcome().images[0].decision.expiry.next);
  const auto by_now = world.hold({world.path}, {trust::ExpiryRule::now, {}});
  REQUIRE(by_now->outcome().images[0].decision.expiry.next);
  CHECK(by_now->outcome().images[0].decision.expiry.next->what == "timestamp");
}

TEST_CASE("a bundle in parts is held as one; parts of it alone are not") {
  World world;
  auto parts = world.split();
  REQUIRE(parts.size() > 2);
  const auto held = world.hold(parts);
  for (const auto& blob : held->kept().images[0].blobs) {
    if (const auto entry = held->payload(blob.digest)) CHECK_NOTHROW(held->bundle().prove(*entry, nullptr));
  }
  parts.pop_back();
  REQUIRE_ERROR(truncated, world.hold(parts));
}

TEST_CASE("operands are sorted into bundles") {
  World world;
  auto parts = world.split();
  std::ranges::reverse(parts);
  base::write_file(world.fs, world.folder / ".half.gapstow", {});
  base::write_file(world.fs, world.folder / "readme.txt", {});
  std::vector<std::string> given{world.path};
  given.insert(given.end(), parts.begin(), parts.end());
  const auto groups = transfer::group_bundles(world.fs, given);
  REQUIRE(groups.size() == 2);
  CHECK(groups[0] == std::vector{world.path});
  CHECK(groups[1] == parts);
  const auto in_folder = transfer::group_bundles(world.fs, {world.folder / ""});
  CHECK(in_folder.size() == 2);
  REQUIRE_ERROR(not_found, transfer::group_bundles(world.fs, {world.folder / "none"}));
}

TEST_CASE("a pipe is refused, and nobody waits for what might come out of it") {
  World world;
  const std::string pipe = world.folder / "pipe.gapstow";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  REQUIRE_ERROR(usage, transfer::group_bundles(world.fs, {pipe}));
  REQUIRE_ERROR(usage, transfer::group_bundles(world.fs, {world.folder / ""}));
  REQUIRE_ERROR(usage, world.hold({pipe}));
}

}  // namespace gapstow::test
