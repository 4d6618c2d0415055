#include "gapstow/tuf/trusted_set.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "support/tuf_v1_repository.h"
#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::error_of;
using test::NotaryRepository;

namespace {

const NotaryRepository& good() {
  static const NotaryRepository repository = NotaryRepository::standard();
  return repository;
}

const auto kAnyKey = [](const tuf::Key&) { return true; };

tuf::TrustedSet begun(const tuf::ChainFiles& files) {
  return tuf::TrustedSet::start(tuf::notary_v1(), good().gun, files.roots.at(1), kAnyKey);
}

tuf::TrustedSet complete(const tuf::ChainFiles& files) {
  auto set = begun(files);
  set.update_root(files.roots.at(2));
  set.update_timestamp(files.timestamp);
  set.update_snapshot(files.snapshot);
  set.update_targets(files.targets.at("targets"));
  return set;
}

/// Versions and digests of all that is trusted.
std::string shown(const tuf::TrustedSet& set) {
  std::string text;
  const auto add = [&](const tuf::ProvenRole& role) {
    text += role.name + " " + std::to_string(role.version) + " " + role.sha256.hex() + "\n";
  };
  add(set.root().proof);
  if (set.timestamp()) add(set.timestamp()->proof);
  if (set.snapshot()) add(set.snapshot()->proof);
  for (const auto& [name, role] : set.targets()) add(role.proof);
  for (const auto& [version, sha256] : set.root_history()) text += sha256.hex();
  for (const auto& identity : set.root_identities()) text += identity;
  return text;
}

}  // namespace

TEST_CASE("files are taken in the order of the workflow only") {
  const auto files = good().build();
  auto set = begun(files);
  CHECK(error_of([&] { set.update_snapshot(files.snapshot); }) == ErrorCode::internal);
  CHECK(error_of([&] { set.update_targets(files.targets.at("targets")); }) == ErrorCode::internal);
  CHECK(error_of([&] { set.update_delegation("targets", 0, {}); }) == ErrorCode::internal);
  CHECK(error_of([&] { set.check_listed_bytes("targets", {}); }) == ErrorCode::internal);
  set.update_timestamp(files.timestamp);
  CHECK(error_of([&] { set.update_root(files.roots.at(2)); }) == ErrorCode::internal);
  auto full = complete(files);
  CHECK(error_of([&] { full.update_timestamp(files.timestamp); }) == ErrorCode::internal);
  CHECK(error_of([&] { full.update_snapshot(files.snapshot); }) == ErrorCode::internal);
  CHECK(error_of([&] { full.update_targets(files.targets.at("targets")); }) == ErrorCode::internal);
  CHECK(error_of([&] { full.update_delegation("targets", 2, {}); }) == ErrorCode::internal);
  CHECK(error_of([&] { full.update_delegation("targets/x", 0, {}); }) == ErrorCode::internal);
  full.update_delegation("targets", 0, files.targets.at("targets/releases"));
  full.update_delegation("targets", 0, files.targets.at("targets/releases"));
  CHECK(full.targets().size() == 2);
}

TEST_CASE("a root is taken once, and by exactly one version") {
  auto repository = good();
  repository.add_root(3, test::standard_roles(repository));
  const auto files = repository.build();
  auto set = begun(files);
  CHECK(error_of([&] { set.update_root(files.roots.at(1)); }) == ErrorCode::role_invalid);
  CHECK(error_of([&] { set.update_root(files.roots.at(3)); }) == ErrorCode::role_invalid);
  set.update_root(files.roots.at(2));
  CHECK(error_of([&] { set.update_root(files.roots.at(2)); }) == ErrorCode::role_invalid);
  set.update_root(files.roots.at(3));
  CHECK(set.root_history().size() == 3);
  CHECK(set.root_identities().size() == 1);
}

TEST_CASE("a timestamp does not go back, nor change within a version") {
  auto repository = good();
  const auto files = repository.build();
  repository.timestamp.body.set("version", json::Value(6));
  const auto newer = repository.build();
  repository.timestamp.body.set("expires", json::Value("2098-01-01T00:00:00Z"));
  const auto other = repository.build();
  auto set = begun(files);
  set.update_timestamp(files.timestamp);
  set.update_timestamp(newer.timestamp);
  set.update_timestamp(newer.timestamp);
  const auto before = shown(set);
  CHECK(error_of([&] { set.update_timestamp(files.timestamp); }) == ErrorCode::rollback);
  CHECK(error_of([&] { set.update_timestamp(other.timestamp); }) == ErrorCode::equivocation);
  CHECK(shown(set) == before);
}

TEST_CASE("a snapshot is not older than one that was known, whatever the timestamp says") {
  auto repository = test::TufRepository::standard();
  const auto older = repository.build();
  repository.publish_again("snapshot");
  const auto newer = repository.build();
  auto set = tuf::TrustedSet::start(tuf::tuf_v1(), {}, older.roots.at(1), kAnyKey);
  set.recall_snapshot(newer.snapshot);
  set.update_timestamp(older.timestamp);
  CHECK(error_of([&] { set.update_snapshot(older.snapshot); }) == ErrorCode::rollback);
  CHECK_FALSE(set.snapshot());
  set.update_timestamp(newer.timestamp);
  set.update_snapshot(newer.snapshot);
  CHECK(set.snapshot());
}

TEST_CASE("start() counts only the keys it is told to") {
  const auto files = good().build();
  const auto none = [](const tuf::Key&) { return false; };
  CHECK(error_of([&] { tuf::TrustedSet::start(tuf::notary_v1(), good().gun, files.roots.at(1), none); }) ==
        ErrorCode::threshold_unmet);
}

TEST_CASE("a refused update leaves the set as it was, and versions never go down") {
  REQUIRE(rc::check("random updates", [] {
    static const auto files = good().build();
    static const std::vector<base::Bytes> pool{
        files.roots.at(1), files.roots.at(2),           files.timestamp,
        files.snapshot,    files.targets.at("targets"), files.targets.at("targets/releases")};
    auto set = begun(files);
    for (int step = 0; step < 12; ++step) {
      auto raw = pool.at(*rc::gen::inRange<std::size_t>(0, pool.size()));
      if (*rc::gen::inRange(0, 3) == 0) raw[*rc::gen::inRange<std::size_t>(0, raw.size())] ^= std::byte{4};
      const auto before = shown(set);
      const auto version = set.root().proof.version;
      const int which = *rc::gen::inRange(0, 5);
      const auto failed = error_of([&] {
        if (which == 0) set.update_root(raw);
        if (which == 1) set.update_timestamp(raw);
        if (which == 2) set.update_snapshot(raw);
        if (which == 3) set.update_targets(raw);
        if (which == 4) set.update_delegation("targets", 0, raw);
      });
      if (failed) RC_ASSERT(shown(set) == before);
      RC_ASSERT(set.root().proof.version >= version);
    }
  }));
}
