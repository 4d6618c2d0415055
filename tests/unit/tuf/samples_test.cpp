// The real chains, from every pin that an operator could hold.
#include <catch2/catch.hpp>

#include "gapstow/base/fs.h"
#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/dialect.h"
#include "support/error_of.h"
#include "support/tuf_samples.h"

using namespace gapstow;
using base::ErrorCode;
using test::error_of;
using test::kSampleGun;
using test::sample_files;

namespace {

const std::string kKeyV1 = "9586150e953c3d8010cfa6b8a4b1e71b3134851eb89fab7d50c27c3315b98947";
const base::Time kWhen = base::parse_time("2026-11-23T00:00:00Z");

tuf::VerifiedChain verify(const tuf::ChainFiles& files, const std::vector<tuf::RootPin>& pins,
                          const std::string& gun = kSampleGun) {
  return tuf::verify_chain(files, tuf::notary_v1(), gun, pins, kWhen);
}

/// The one root key of a root version.
tuf::Key root_key(const tuf::ChainFiles& files, std::uint64_t version) {
  const auto root = tuf::notary_v1().parse_root(files.roots.at(version)).body;
  return root.keys.at(root.roles.at(tuf::RoleType::root).key_ids.at(0));
}

}  // namespace

TEST_CASE("the delegated chain verifies and names its targets") {
  const auto chain = verify(sample_files("dct-delegated"), {tuf::KeyIdPin{kKeyV1}});
  CHECK(chain.gun() == kSampleGun);
  CHECK(chain.dialect() == "notary-v1");
  CHECK(chain.first_root() == 1);
  CHECK(chain.absent_roles().empty());
  CHECK(chain.unreachable_roles().empty());
  std::vector<std::string> names;
  for (const auto& role : chain.roles()) names.push_back(role.name);
  CHECK(names ==
        std::vector<std::string>{"root", "timestamp", "snapshot", "targets", "targets/alice", "targets/releases"});
  const auto found = chain.find("1.1");
  CHECK(found.role == "targets/releases");
  CHECK(found.target.length == 735);
  CHECK(found.target.hashes.at(0).hex() == "26d9806711662d30c46e68b055e80b61c06743a9cac4d514e4d4353ab153beab");
  CHECK(found.differing_roles.empty());
  CHECK(found.consulted == std::vector<std::string>{"targets", "targets/releases"});
  CHECK(chain.all_targets().size() == 3);
}

TEST_CASE("the rotated chain verifies from each root's key, by every name of it") {
  const auto files = sample_files("dct-rotated");
  for (const std::uint64_t version : {1U, 3U, 4U}) {
    const auto key = root_key(files, version);
    const auto canonical = tuf::notary_v1().canonical_key_id(key);
    CHECK(canonical != key.id);
    for (const tuf::RootPin& pin :
         {tuf::RootPin(tuf::KeyIdPin{key.id}), tuf::RootPin(tuf::KeyIdPin{canonical}),
          tuf::RootPin(tuf::SpkiPin{key.key.fingerprint()}), tuf::RootPin(tuf::RootFilePin{files.roots.at(version)})}) {
      CAPTURE(version, tuf::describe(pin));
      const auto chain = verify(files, {pin});
      CHECK(chain.first_root() == version);
      CHECK(chain.pin() == tuf::describe(pin));
      CHECK(chain.root_history().size() == 7 - version);
      CHECK(chain.roles().front().version == 6);
      CHECK(chain.find("2.0").target.length == 735);
    }
  }
}

TEST_CASE("a root file need not be in the chain, and later roots are enough") {
  auto files = sample_files("dct-rotated");
  const tuf::RootFilePin pin{files.roots.at(4)};
  for (std::uint64_t version = 1; version <= 4; ++version) files.roots.erase(version);
  const auto chain = verify(files, {pin});
  CHECK(chain.first_root() == 4);
  CHECK(chain.root_history().size() == 3);
}

TEST_CASE("the pinned root may be the newest one") {
  auto files = sample_files("dct-rotated");
  const tuf::RootFilePin pin{files.roots.at(6)};
  CHECK(verify(files, {pin}).first_root() == 6);
  files.roots.clear();
  CHECK(verify(files, {pin}).root_history().size() == 1);
}

TEST_CASE("first use takes the oldest root, and only where nothing else is pinned") {
  const auto files = sample_files("dct-rotated");
  CHECK(verify(files, {tuf::FirstUsePin{}}).first_root() == 1);
  CHECK(error_of([&] { verify(files, {tuf::FirstUsePin{}, tuf::KeyIdPin{std::string(64, '0')}}); }) ==
        ErrorCode::pin_mismatch);
}

TEST_CASE("root identities follow the rotations of the root key") {
  const auto chain = verify(sample_files("dct-rotated"), {tuf::KeyIdPin{kKeyV1}});
  REQUIRE(chain.root_identities().size() == 3);
  const auto older = verify(sample_files("dct-delegated"), {tuf::KeyIdPin{kKeyV1}});
  CHECK(older.root_identities() == std::vector<std::string>{chain.root_identities().front()});
}

TEST_CASE("lifetimes name every role and the certificate of the final root") {
  const auto chain = verify(sample_files("dct-rotated"), {tuf::KeyIdPin{kKeyV1}});
  std::vector<std::string> what;
  for (const auto& lifetime : chain.lifetimes()) {
    what.push_back(lifetime.what);
    CHECK(lifetime.not_before.has_value() == (lifetime.what == tuf::kRootCertificate));
    CHECK(lifetime.until > kWhen);
  }
  CHECK(what == std::vector<std::string>{"root", "timestamp", "snapshot", "targets", "targets/alice",
                                         "targets/releases", "root certificate"});
  std::vector<std::string> relevant;
  for (const auto& lifetime : chain.lifetimes_for(chain.find("1.0"))) relevant.push_back(lifetime.what);
  CHECK(relevant ==
        std::vector<std::string>{"root", "timestamp", "snapshot", "targets", "targets/releases", "root certificate"});
}

TEST_CASE("wrong pins and wrong names are refused") {
  const auto files = sample_files("dct-rotated");
  CHECK(error_of([&] { verify(files, {}); }) == ErrorCode::untrusted_root);
  CHECK(error_of([&] { verify(files, {tuf::KeyIdPin{std::string(64, 'a')}}); }) == ErrorCode::pin_mismatch);
  CHECK(error_of([&] { verify(files, {tuf::SpkiPin{std::string(64, 'a')}}); }) == ErrorCode::pin_mismatch);
  CHECK(error_of([&] { verify(files, {tuf::CaPin{root_key(files, 1).certificates}}, "localhost:5000/lab/other"); }) !=
        std::nullopt);
  CHECK(error_of([&] { verify(files, {tuf::KeyIdPin{kKeyV1}}, "localhost:5000/lab/other"); }) ==
        ErrorCode::name_mismatch);
  CHECK(error_of([&] { verify(files, {tuf::FirstUsePin{}}, "localhost:5000/lab/ap"); }) == ErrorCode::name_mismatch);
}

TEST_CASE("files of two publications do not mix") {
  const auto older = sample_files("dct-delegated");
  const auto newer = sample_files("dct-rotated");
  const auto mixed = [&](const auto& change) {
    auto files = newer;
    change(files);
    return error_of([&] { verify(files, {tuf::KeyIdPin{kKeyV1}}); });
  };
  CHECK(mixed([&](auto& files) { files.timestamp = older.timestamp; }) == ErrorCode::threshold_unmet);
  CHECK(mixed([&](auto& files) { files.snapshot = older.snapshot; }) == ErrorCode::digest_mismatch);
  CHECK(mixed([&](auto& files) { files.targets["targets"] = older.targets.at("targets"); }) ==
        ErrorCode::digest_mismatch);
  CHECK(mixed([&](auto& files) { files.timestamp = older.timestamp, files.snapshot = older.snapshot; }) ==
        ErrorCode::threshold_unmet);
  CHECK(mixed([&](auto& files) { files.roots = older.roots; }) == ErrorCode::threshold_unmet);
  CHECK(mixed([&](auto& files) { files.roots.erase(6); }) == ErrorCode::threshold_unmet);
  CHECK(mixed([&](auto& files) { files.roots.erase(3); }) == ErrorCode::chain_incomplete);
  CHECK(mixed([&](auto& files) { files.roots.erase(1), files.roots.erase(2); }) == ErrorCode::pin_mismatch);
}

TEST_CASE("the older publication after the newer one is a rollback") {
  const auto older = verify(sample_files("dct-delegated"), {tuf::KeyIdPin{kKeyV1}});
  const auto newer = verify(sample_files("dct-rotated"), {tuf::KeyIdPin{kKeyV1}});
  CHECK(error_of([&] { tuf::check_against_seen(older, newer.seen()); }) == ErrorCode::rollback);
  CHECK_NOTHROW(tuf::check_against_seen(newer, older.seen()));
  CHECK_NOTHROW(tuf::check_against_seen(newer, newer.seen()));
}

TEST_CASE("the public fixture of Notary 0.1 verifies") {
  const auto files = test::read_chain(test::public_vectors() + "/notary-0.1");
  if (!files) {
    WARN("skipped: the public vectors are not there");
    return;
  }
  const std::string gun = "docker.com/notary0.1/samplerepo";
  for (const auto* id : {"4ff57dc987163053a12c066f2dd36b1ae6037a92f5416d381fe311a3db1868d8",
                         "d0c623c8e70c70d42a8a8125c44a8598588b3f6e31d5c21a83cbc338dfde8a68"}) {
    const auto chain = verify(*files, {tuf::KeyIdPin{id}}, gun);
    CHECK(chain.find("LICENSE").role == "targets");
    CHECK(chain.find("LICENSE").target.length == 11309);
    CHECK(error_of([&] { chain.find("README"); }) == ErrorCode::target_missing);
  }
}
