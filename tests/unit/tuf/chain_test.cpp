#include "gapstow/tuf/chain.h"

#include <catch2/catch.hpp>

#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::error_of;
using test::NotaryRepository;
using test::proven;
using test::refusal;

namespace {

tuf::VerifiedChain without(const NotaryRepository& repository, const std::string& role) {
  auto files = repository.build();
  files.targets.erase(role);
  return tuf::verify_chain(files, tuf::notary_v1(), repository.gun, {repository.pin()}, test::kWhen);
}

/// As the standard one, without an entry for the role in the snapshot and without its file.
NotaryRepository unpublished(const std::string& role) {
  auto repository = NotaryRepository::standard();
  repository.targets.erase(role);
  return repository;
}

}  // namespace

TEST_CASE("releases answers before targets, and differences are reported") {
  const auto chain = proven(NotaryRepository::standard());
  const auto both = chain.find("1.1");
  CHECK(both.role == "targets/releases");
  CHECK(both.target.length == 11);
  CHECK(both.differing_roles == std::vector<std::string>{"targets"});
  CHECK(chain.find("1.0").differing_roles.empty());
  const auto base = chain.find("base");
  CHECK(base.role == "targets");
  CHECK(base.consulted == std::vector<std::string>{"targets", "targets/releases"});
  CHECK(base.signed_by.size() == 1);
}

TEST_CASE("a target that only another role names is missing, and so is an unknown one") {
  const auto chain = proven(NotaryRepository::standard());
  CHECK(error_of([&] { chain.find("draft"); }) == ErrorCode::target_missing);
  CHECK(error_of([&] { chain.find("2.0"); }) == ErrorCode::target_missing);
  CHECK(error_of([&] { chain.find(""); }) == ErrorCode::target_missing);
}

TEST_CASE("all targets are those that find() finds") {
  const auto chain = proven(NotaryRepository::standard());
  const auto all = chain.all_targets();
  std::vector<std::string> names;
  for (const auto& target : all) {
    names.push_back(target.name);
    const auto again = chain.find(target.name);
    CHECK(again.role == target.role);
    CHECK(again.target == target.target);
    CHECK(again.differing_roles == target.differing_roles);
    CHECK(again.signed_by == target.signed_by);
    CHECK(again.consulted == target.consulted);
  }
  CHECK(names == std::vector<std::string>{"1.0", "1.1", "base"});
}

TEST_CASE("a published role whose file is absent is no reason to ask the next one") {
  const auto repository = NotaryRepository::standard();
  const auto chain = without(repository, "targets/releases");
  CHECK(chain.absent_roles() == std::vector<std::string>{"targets/releases"});
  CHECK(error_of([&] { chain.find("base"); }) == ErrorCode::chain_incomplete);
  CHECK(error_of([&] { chain.all_targets(); }) == ErrorCode::chain_incomplete);
  const auto other = without(repository, "targets/alice");
  CHECK(other.absent_roles() == std::vector<std::string>{"targets/alice"});
  CHECK(other.find("base").role == "targets");
}

TEST_CASE("a role that is delegated and not published is not asked") {
  const auto chain = proven(unpublished("targets/releases"));
  CHECK(chain.absent_roles().empty());
  CHECK(chain.find("1.1").role == "targets");
  CHECK(error_of([&] { chain.find("1.0"); }) == ErrorCode::target_missing);
}

TEST_CASE("a file of a role that the snapshot does not list is refused") {
  auto files = unpublished("targets/alice").build();
  const auto repository = NotaryRepository::standard();
  const auto verdict = [&](const tuf::ChainFiles& all) {
    return error_of(
        [&] { tuf::verify_chain(all, tuf::notary_v1(), repository.gun, {tuf::FirstUsePin{}}, test::kWhen); });
  };
  CHECK(verdict(files) == std::nullopt);
  files.targets["targets/alice"] = repository.build().targets.at("targets/alice");
  CHECK(verdict(files) == ErrorCode::role_invalid);
  files.targets.erase("targets/alice");
  files.targets["../evil"] = {};
  CHECK(verdict(files) == ErrorCode::role_invalid);
}

TEST_CASE("a listed role that nothing delegates to is carried and never believed") {
  auto repository = NotaryRepository::standard();
  repository.add_targets("targets/gone", 1, {repository.keys.at("delegation")});
  repository.put("targets/gone", "9.9", "old");
  const auto chain = proven(repository);
  CHECK(chain.unreachable_roles() == std::vector<std::string>{"targets/gone"});
  CHECK(error_of([&] { chain.find("9.9"); }) == ErrorCode::target_missing);
  CHECK_FALSE(chain.seen().contains("targets/gone"));
  repository.draft("targets/gone").tamper.push_back([](std::string& text) { text[10] ^= 1; });
  CHECK(refusal(repository) == ErrorCode::digest_mismatch);
}

TEST_CASE("a file that has to be there is missed by name") {
  const auto repository = NotaryRepository::standard();
  const auto verdict = [&](const auto& change) {
    auto files = repository.build();
    change(files);
    return error_of(
        [&] { tuf::verify_chain(files, tuf::notary_v1(), repository.gun, {repository.pin()}, test::kWhen); });
  };
  CHECK(verdict([](auto& files) { files.timestamp.clear(); }) == ErrorCode::chain_incomplete);
  CHECK(verdict([](auto& files) { files.snapshot.clear(); }) == ErrorCode::chain_incomplete);
  CHECK(verdict([](auto& files) { files.targets.erase("targets"); }) == ErrorCode::chain_incomplete);
  CHECK(verdict([](auto& files) { files.roots.clear(); }) == ErrorCode::chain_incomplete);
  CHECK(verdict([](auto& files) { files.roots.erase(1), files.roots.erase(2); }) == ErrorCode::chain_incomplete);
}

TEST_CASE("chains of one wildcard root do not pass for each other") {
  const auto root = test::make_root_key("example.test/*");
  const auto make = [&](const std::string& gun) {
    auto repository = NotaryRepository::standard(gun);
    auto roles = test::standard_roles(repository);
    roles["root"] = {{root}, 1};
    repository.add_root(1, roles);
    repository.add_root(2, roles);
    return repository;
  };
  const auto app = make("example.test/app").build();
  const auto tool = make("example.test/tool").build();
  auto mixed = app;
  mixed.timestamp = tool.timestamp;
  mixed.snapshot = tool.snapshot;
  mixed.targets = tool.targets;
  CHECK(error_of([&] {
          tuf::verify_chain(mixed, tuf::notary_v1(), "example.test/app", {tuf::KeyIdPin{root.id}}, test::kWhen);
        }) == ErrorCode::threshold_unmet);
}

TEST_CASE("differing means other bytes, not other algorithms") {
  auto repository = NotaryRepository::standard();
  const auto entry = [&](const std::string& role, const std::string& content, const std::vector<const char*>& drop) {
    auto meta = test::meta_of(base::as_bytes(content));
    for (const auto* algorithm : drop) test::erase(meta, {"hashes", algorithm});
    test::set(repository.targets.at(role).body, {"targets", "x"}, json::Value(meta));
  };
  entry("targets/releases", "same", {"sha512"});
  entry("targets", "same", {});
  CHECK(proven(repository).find("x").differing_roles.empty());
  entry("targets", "same", {"sha256"});
  CHECK(proven(repository).find("x").differing_roles == std::vector<std::string>{"targets"});
  entry("targets", "else", {});
  CHECK(proven(repository).find("x").differing_roles == std::vector<std::string>{"targets"});
}

TEST_CASE("members that no signature covers are named, and no more than a few") {
  auto repository = NotaryRepository::standard();
  CHECK(proven(repository).roles().front().unsigned_members.empty());
  repository.draft("root").edit_envelope.push_back([](json::Object& envelope) {
    envelope.set("extra", json::Value(json::Object{}));
    test::set(envelope, {"signatures", "0", "note"}, "none");
  });
  const auto chain = proven(repository);
  CHECK(chain.roles().front().unsigned_members == std::vector<std::string>{"extra", "signatures[0].note"});
  CHECK(chain.roles().back().unsigned_members.empty());
  repository.draft("root").edit_envelope.push_back([](json::Object& envelope) {
    for (int i = 0; i < 100; ++i) envelope.set("x" + std::to_string(i), json::Value());
  });
  CHECK(proven(repository).roles().front().unsigned_members.size() == tuf::kMaxUnsignedMembers);
}
