// check_against_seen(): versions never go down, and one version has one content.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::error_of;
using test::NotaryRepository;
using test::proven;

namespace {

std::optional<ErrorCode> verdict(const tuf::VerifiedChain& chain, const tuf::SeenRoles& seen) {
  return error_of([&] { tuf::check_against_seen(chain, seen); });
}

void bump(NotaryRepository& repository, const std::string& role, std::uint64_t version) {
  repository.draft(role).body.set("version", json::Value(version));
}

}  // namespace

TEST_CASE("each role is compared with what was seen of it") {
  const auto chain = proven(NotaryRepository::standard());
  for (const auto& [role, now] : chain.seen()) {
    CAPTURE(role);
    auto seen = chain.seen();
    CHECK(verdict(chain, seen) == std::nullopt);
    seen[role].version = now.version + 1;
    CHECK(verdict(chain, seen) == ErrorCode::rollback);
    seen[role] = {now.version, digest::sha256(base::as_bytes("other"))};
    CHECK(verdict(chain, seen) == ErrorCode::equivocation);
    seen[role].version = now.version - 1;
    CHECK(verdict(chain, seen) == (role == "root" ? std::optional(ErrorCode::equivocation) : std::nullopt));
    CHECK(verdict(chain, {}) == std::nullopt);
  }
}

TEST_CASE("a root seen before the walk began cannot be compared") {
  const auto repository = NotaryRepository::standard();
  const auto chain = proven(repository, {tuf::RootFilePin{repository.build().roots.at(2)}});
  CHECK(verdict(chain, {{"root", {1, digest::sha256(base::as_bytes("other"))}}}) == std::nullopt);
}

TEST_CASE("a role that vanishes from the snapshot is a rollback while it is delegated") {
  auto repository = NotaryRepository::standard();
  const auto seen = proven(repository).seen();
  repository.targets.erase("targets/releases");
  bump(repository, "snapshot", 6);
  bump(repository, "timestamp", 6);
  CHECK(verdict(proven(repository), seen) == ErrorCode::rollback);
}

TEST_CASE("a role whose delegation was withdrawn may vanish") {
  auto repository = NotaryRepository::standard();
  const auto seen = proven(repository).seen();
  repository.targets.erase("targets/alice");
  test::edit(repository.targets.at("targets").body, {"delegations", "roles"},
             [](json::Value& roles) { roles.get_if<json::Array>()->pop_back(); });
  bump(repository, "targets", 4);
  bump(repository, "snapshot", 6);
  bump(repository, "timestamp", 6);
  const auto chain = proven(repository);
  CHECK(verdict(chain, seen) == std::nullopt);
  auto files = repository.build();
  files.targets.erase("targets/releases");
  const auto partial = tuf::verify_chain(files, tuf::notary_v1(), repository.gun, {repository.pin()}, test::kWhen);
  CHECK(verdict(partial, seen) == ErrorCode::rollback);
}

TEST_CASE("a role that is only absent from the chain has not vanished") {
  const auto repository = NotaryRepository::standard();
  auto files = repository.build();
  files.targets.erase("targets/alice");
  const auto chain = tuf::verify_chain(files, tuf::notary_v1(), repository.gun, {repository.pin()}, test::kWhen);
  CHECK(verdict(chain, proven(repository).seen()) == std::nullopt);
}

TEST_CASE("versions are monotonic: a chain passes exactly when no role went down") {
  REQUIRE(rc::check("sequences of versions", [] {
    static const NotaryRepository good = NotaryRepository::standard();
    auto older = good;
    auto newer = good;
    bool rises = true;
    for (const auto* role : {"timestamp", "snapshot", "targets", "targets/releases"}) {
      const auto before = *rc::gen::inRange<std::uint64_t>(1, 4);
      const auto after = *rc::gen::inRange<std::uint64_t>(1, 4);
      bump(older, role, before);
      bump(newer, role, after);
      rises = rises && after >= before;
    }
    const auto seen = proven(older).seen();
    const auto got = verdict(proven(newer), seen);
    if (!rises) {
      RC_ASSERT(got.has_value());
    } else {
      RC_ASSERT(got.value_or(ErrorCode::equivocation) == ErrorCode::equivocation);
    }
  }));
}
