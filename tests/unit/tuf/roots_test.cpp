// The walk over the roots: rotation, quorums, gaps.
#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"
#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::make_root_key;
using test::NotaryRepository;
using test::PublishedKey;
using test::refusal;
using test::standard_roles;

namespace {

/// The standard repository whose root version `version` has root keys `root` and extra signers `also`.
NotaryRepository with_root(std::uint64_t version, const test::TestRole& root, const std::vector<PublishedKey>& also) {
  auto repository = NotaryRepository::standard();
  auto roles = standard_roles(repository);
  roles["root"] = root;
  repository.add_root(version, roles, also);
  return repository;
}

}  // namespace

TEST_CASE("a rotation of the root key needs both quorums") {
  const auto fresh = make_root_key("example.test/app");
  const auto old = NotaryRepository::standard().keys.at("root");
  auto good = NotaryRepository::standard();
  auto roles = standard_roles(good);
  roles["root"] = {{fresh}, 1};
  good.add_root(3, roles, {good.keys.at("root")});
  const auto chain = test::proven(good);
  CHECK(chain.root_history().size() == 3);
  CHECK(chain.root_identities().size() == 2);
  CHECK(test::proven(good, {tuf::KeyIdPin{fresh.id}}).first_root() == 3);

  CHECK(refusal(with_root(3, {{fresh}, 1}, {})) == ErrorCode::threshold_unmet);
  auto only_old = with_root(3, {{fresh}, 1}, {});
  only_old.roots.at(3).signers = {only_old.keys.at("root")};
  CHECK(refusal(only_old) == ErrorCode::threshold_unmet);
}

TEST_CASE("thresholds of old and new root both hold") {
  const auto a = make_root_key("example.test/app");
  const auto b = make_root_key("example.test/app");
  const auto c = make_root_key("example.test/app");
  const auto build = [&](const std::vector<PublishedKey>& signers_of_3) {
    auto repository = NotaryRepository::standard();
    auto roles = standard_roles(repository);
    roles["root"] = {{a, b, c}, 2};
    repository.add_root(1, roles);
    repository.add_root(2, roles);
    roles["root"] = {{c}, 1};
    repository.add_root(3, roles).signers = signers_of_3;
    return repository;
  };
  const std::vector<tuf::RootPin> any{tuf::FirstUsePin{}};
  CHECK(refusal(build({a, b, c}), any) == std::nullopt);
  CHECK(refusal(build({b, c}), any) == std::nullopt);
  CHECK(refusal(build({a, b}), any) == ErrorCode::threshold_unmet);
  CHECK(refusal(build({c}), any) == ErrorCode::threshold_unmet);
  // A pin counts alone: one pinned key does not meet a threshold of two, and two do.
  auto repository = build({b, c});
  CHECK(test::proven(repository, {tuf::KeyIdPin{a.id}, tuf::KeyIdPin{b.id}}).first_root() == 1);
  CHECK(test::proven(repository, {tuf::KeyIdPin{c.id}}).first_root() == 3);
  CHECK(refusal(repository, {tuf::KeyIdPin{a.id}}) == ErrorCode::pin_mismatch);
}

TEST_CASE("versions of roots follow one another without a gap, and are what the file says") {
  const auto add = [](std::uint64_t file, std::uint64_t version) {
    auto repository = NotaryRepository::standard();
    repository.add_root(file, standard_roles(repository)).body.set("version", json::Value(version));
    return repository;
  };
  CHECK(refusal(add(3, 3)) == std::nullopt);
  CHECK(refusal(add(4, 4)) == ErrorCode::chain_incomplete);
  CHECK(refusal(add(3, 4)) == ErrorCode::role_invalid);
  CHECK(refusal(add(3, 2)) == ErrorCode::role_invalid);
  CHECK(refusal(add(1000, 1000)) == ErrorCode::chain_incomplete);
  CHECK(refusal(add(INT64_MAX, 3)) == ErrorCode::chain_incomplete);
}

TEST_CASE("the root that a walk would start from is what its name says") {
  const auto repository = NotaryRepository::standard();
  auto files = repository.build();
  files.roots.at(1) = files.roots.at(2);
  CHECK(test::error_of([&] {
          tuf::verify_chain(files, tuf::notary_v1(), repository.gun, {repository.pin()}, test::kWhen);
        }) == ErrorCode::role_invalid);
}

TEST_CASE("roots older than the pinned one are carried, but must be well-formed") {
  const auto fresh = make_root_key("example.test/app");
  auto repository = NotaryRepository::standard();
  auto roles = standard_roles(repository);
  roles["root"] = {{fresh}, 1};
  repository.add_root(3, roles, {repository.keys.at("root")});
  const std::vector<tuf::RootPin> pins{tuf::KeyIdPin{fresh.id}};
  repository.roots.erase(2);
  CHECK(refusal(repository, pins) == std::nullopt);
  repository.roots.at(1).signers.clear();
  CHECK(refusal(repository, pins) == std::nullopt);
  repository.roots.at(1).edit_text.push_back([](std::string& text) { text += "x"; });
  CHECK(refusal(repository, pins) == ErrorCode::malformed);
}

TEST_CASE("there are no more roots than the limit") {
  auto repository = NotaryRepository::standard();
  auto files = repository.build();
  for (std::uint64_t version = 3; version <= tuf::kMaxRootVersions + 1; ++version) files.roots[version] = {};
  CHECK(test::error_of([&] {
          tuf::verify_chain(files, tuf::notary_v1(), repository.gun, {repository.pin()}, test::kWhen);
        }) == ErrorCode::limit_exceeded);
}

TEST_CASE("root keys are x509 and for the GUN") {
  const auto key = test::TestKey::generate(test::TestKind::p256);
  const auto authority = test::TestKey::generate(test::TestKind::p256);
  const auto ca_pem = test::make_certificate(authority, {.common_name = "CA", .is_ca = true});
  const auto pem = [&](const std::string& name) { return test::make_certificate(key, {.common_name = name}); };
  const auto verdict = [&](const PublishedKey& root) {
    auto repository = NotaryRepository::standard();
    auto roles = standard_roles(repository);
    roles["root"] = {{root}, 1};
    repository.add_root(1, roles);
    repository.add_root(2, roles);
    return refusal(repository);
  };
  const auto x509 = [&](const std::string& text) { return verdict(test::publish_x509(key, text)); };
  CHECK(x509(pem("example.test/app")) == std::nullopt);
  CHECK(x509(pem("example.test/*")) == std::nullopt);
  CHECK(x509(pem("example.test/a*")) == std::nullopt);
  CHECK(x509(pem("*")) == std::nullopt);
  CHECK(x509(pem("example.test/ap")) == ErrorCode::name_mismatch);
  CHECK(x509(pem("example.test/app2")) == ErrorCode::name_mismatch);
  CHECK(x509(pem("example.test/b*")) == ErrorCode::name_mismatch);
  CHECK(x509(pem("*/app")) == ErrorCode::name_mismatch);
  CHECK(x509(pem("Example.test/app")) == ErrorCode::name_mismatch);
  CHECK(x509(pem("example.test/app") + ca_pem) == std::nullopt);
  CHECK(verdict(test::publish_x509(authority, ca_pem + pem("example.test/app"))) == ErrorCode::role_invalid);
  CHECK(x509(pem("example.test/app") + pem("example.test/app")) == ErrorCode::role_invalid);
  CHECK(x509(test::make_certificate(key, {.common_name = "example.test/app", .is_ca = true})) ==
        ErrorCode::role_invalid);
  CHECK(x509(test::make_certificate(key, {.common_name = "example.test/app", .sha1 = true})) ==
        ErrorCode::role_invalid);
  CHECK(x509(pem("example.test/app") + "junk") == ErrorCode::malformed);
  CHECK(x509("") == ErrorCode::malformed);
  CHECK(verdict(test::publish(key)) == ErrorCode::role_invalid);
  CHECK(verdict(test::make_ed25519_key()) == ErrorCode::role_invalid);
  const auto& rsa = test::TestKey::shared_rsa();
  CHECK(verdict(test::publish_x509(rsa, test::make_certificate(rsa, {.common_name = "example.test/app"}))) ==
        std::nullopt);
  const auto weak = test::TestKey::generate(test::TestKind::rsa1024);
  CHECK(verdict(test::publish_x509(weak, test::make_certificate(weak, {.common_name = "example.test/app"}))) ==
        ErrorCode::unsupported);
}

TEST_CASE("expired certificates and roles are findings, not errors") {
  const auto key = test::TestKey::generate(test::TestKind::p256);
  const auto root = test::publish_x509(
      key, test::make_certificate(key, {.common_name = "example.test/app", .not_after = "20210101000000Z"}));
  auto repository = NotaryRepository::standard();
  auto roles = standard_roles(repository);
  roles["root"] = {{root}, 1};
  repository.add_root(1, roles);
  repository.add_root(2, roles);
  repository.draft("targets").body.set("expires", json::Value("2020-02-03T04:05:06.7+01:00"));
  const auto chain = test::proven(repository);
  for (const auto& lifetime : chain.lifetimes()) {
    if (lifetime.what == tuf::kRootCertificate) CHECK(lifetime.until == base::parse_time("2021-01-01T00:00:00Z"));
    if (lifetime.what == "targets") CHECK(lifetime.until == base::parse_time("2020-02-03T03:05:06.7Z"));
  }
}

TEST_CASE("a root names the four roles, and may keep roles that old clients wrote") {
  for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) {
    auto repository = NotaryRepository::standard();
    repository.draft("root").edit_body.push_back([&](json::Object& body) { test::erase(body, {"roles", role}); });
    CHECK(refusal(repository) == ErrorCode::role_invalid);
  }
  auto repository = NotaryRepository::standard();
  repository.draft("root").edit_body.push_back([](json::Object& body) {
    test::set(body, {"roles", "root.1"}, *body.find("roles")->get_if<json::Object>()->find("root"));
  });
  CHECK(refusal(repository) == std::nullopt);
  repository.draft("root").edit_body.push_back(
      [](json::Object& body) { test::set(body, {"roles", "Root"}, json::Value(1)); });
  CHECK(refusal(repository) == ErrorCode::malformed);
}

TEST_CASE("one public key under two IDs counts once") {
  const auto key = test::TestKey::generate(test::TestKind::p256);
  const auto x509 = test::publish_x509(key, test::make_certificate(key, {.common_name = "example.test/app"}));
  const auto other = test::publish_x509(key, test::make_certificate(key, {.common_name = "example.test/*"}));
  REQUIRE(x509.id != other.id);
  const auto third = make_root_key("example.test/app");
  const auto verdict = [&](const std::vector<PublishedKey>& keys, const std::vector<PublishedKey>& signers) {
    auto repository = NotaryRepository::standard();
    auto roles = standard_roles(repository);
    roles["root"] = {keys, 2};
    repository.add_root(1, roles).signers = signers;
    repository.roots.erase(2);
    return refusal(repository, {tuf::FirstUsePin{}});
  };
  CHECK(verdict({x509, other}, {x509, other}) == ErrorCode::role_invalid);
  CHECK(verdict({x509, other, third}, {x509, other}) == ErrorCode::threshold_unmet);
  CHECK(verdict({x509, other, third}, {other, third}) == std::nullopt);
}
