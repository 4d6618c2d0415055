#include "gapstow/tuf/delegations.h"

#include <catch2/catch.hpp>

#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::error_of;
using test::NotaryRepository;
using test::proven;
using test::refusal;

namespace {

/// Delegates from `from` to `to` by a fresh key, with a file that names `target`.
void grow(NotaryRepository& repository, const std::string& from, const std::string& to,
          const std::vector<std::string>& paths, const std::string& target) {
  const auto key = test::make_ed25519_key();
  repository.delegate(from, to, {{key}, 1}, paths);
  repository.add_targets(to, 1, {key});
  repository.put(to, target, "content of " + to);
}

std::vector<std::string> roles_of(const tuf::VerifiedChain& chain) {
  std::vector<std::string> names;
  for (const auto& grant : chain.delegations().grants()) names.push_back(grant.role);
  return names;
}

}  // namespace

TEST_CASE("delegations are walked in pre-order") {
  auto repository = NotaryRepository::standard();
  grow(repository, "targets/releases", "targets/releases/b", {""}, "x");
  grow(repository, "targets/releases", "targets/releases/a", {""}, "y");
  grow(repository, "targets/releases/b", "targets/releases/b/deep", {""}, "z");
  const auto chain = proven(repository);
  CHECK(roles_of(chain) == std::vector<std::string>{"targets", "targets/releases", "targets/releases/b",
                                                    "targets/releases/b/deep", "targets/releases/a", "targets/alice"});
  CHECK(chain.delegations().grants().at(3).delegator == "targets/releases/b");
  CHECK(chain.delegations().grants().at(3).depth == 3);
  CHECK(error_of([&] { chain.find("z"); }) == ErrorCode::target_missing);
}

TEST_CASE("releases speaks only of its paths") {
  auto repository = NotaryRepository::standard();
  repository.add_targets("targets", 3, {repository.keys.at("targets")});
  repository.delegate("targets", "targets/releases", {{repository.keys.at("delegation")}, 1}, {"v1.", "edge"});
  repository.targets.erase("targets/alice");
  repository.put("targets/releases", "v1.0", "in");
  repository.put("targets/releases", "v2.0", "out");
  repository.put("targets", "v2.0", "by the owner");
  const auto chain = proven(repository);
  CHECK(chain.find("v1.0").role == "targets/releases");
  CHECK(chain.find("v2.0").role == "targets");
  CHECK(chain.find("v2.0").differing_roles.empty());
  CHECK(error_of([&] { chain.find("1.0"); }) == ErrorCode::target_missing);
  CHECK(chain.all_targets().size() == 2);

  auto files = repository.build();
  files.targets.erase("targets/releases");
  const auto partial = tuf::verify_chain(files, tuf::notary_v1(), repository.gun, {repository.pin()}, test::kWhen);
  CHECK(partial.find("v2.0").role == "targets");
  CHECK(error_of([&] { partial.find("v1.0"); }) == ErrorCode::chain_incomplete);
}

TEST_CASE("a delegation without paths speaks of nothing") {
  auto repository = NotaryRepository::standard();
  repository.add_targets("targets", 3, {repository.keys.at("targets")});
  repository.delegate("targets", "targets/releases", {{repository.keys.at("delegation")}, 1}, {});
  repository.targets.erase("targets/alice");
  CHECK(error_of([&] { proven(repository).find("1.0"); }) == ErrorCode::target_missing);
}

TEST_CASE("a delegated role is proven by the keys of the role that delegates it") {
  auto repository = NotaryRepository::standard();
  grow(repository, "targets/alice", "targets/alice/x", {""}, "x");
  CHECK(refusal(repository) == std::nullopt);
  repository.draft("targets/alice/x").signers = {repository.keys.at("delegation")};
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
  repository.draft("targets/alice/x").signers = {repository.keys.at("targets")};
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
}

TEST_CASE("a delegation whose parent is absent is carried, not proven") {
  auto repository = NotaryRepository::standard();
  grow(repository, "targets/alice", "targets/alice/x", {""}, "x");
  auto files = repository.build();
  files.targets.erase("targets/alice");
  const auto chain = tuf::verify_chain(files, tuf::notary_v1(), repository.gun, {repository.pin()}, test::kWhen);
  CHECK(chain.absent_roles() == std::vector<std::string>{"targets/alice"});
  CHECK(chain.unreachable_roles() == std::vector<std::string>{"targets/alice/x"});
}

TEST_CASE("delegation goes no deeper than the limit") {
  auto repository = NotaryRepository::standard();
  std::string role = "targets/alice";
  for (unsigned depth = 2; depth <= tuf::kMaxDelegationDepth; ++depth) {
    const std::string child = role + "/x";
    grow(repository, role, child, {""}, "x");
    role = child;
  }
  CHECK(refusal(repository) == std::nullopt);
  grow(repository, role, role + "/x", {""}, "x");
  CHECK(refusal(repository) == ErrorCode::limit_exceeded);
}

TEST_CASE("a graph finds the first grant of a role") {
  tuf::DelegationGraph graph;
  graph.add({"targets", {}, {}, 0, true});
  graph.add({"a", "targets", {}, 1, true});
  graph.add({"a", "b", {}, 2, false});
  REQUIRE(graph.find_grant("a") != nullptr);
  CHECK(*graph.find_grant("a") == 1);
  CHECK(graph.find_grant("z") == nullptr);
  CHECK(graph.targets("a") == nullptr);
  graph.set_targets("a", {});
  CHECK(graph.targets("a") != nullptr);
}
