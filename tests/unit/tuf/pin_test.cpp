#include "gapstow/tuf/pin.h"

#include <catch2/catch.hpp>

#include "gapstow/base/fs.h"
#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::NotaryRepository;
using test::refusal;
using test::standard_roles;

namespace {

struct Authority {
  test::TestKey key = test::TestKey::generate(test::TestKind::p256);
  std::string pem;
  explicit Authority(const std::string& name)
      : pem(test::make_certificate(key, {.common_name = name, .is_ca = true})) {}
  tuf::CaPin pin() const { return {{test::certificate_of(pem)}}; }
};

/// The standard repository whose roots are signed with a key that the authority has certified.
NotaryRepository certified(const Authority& authority, const std::string& issuer, const std::string& usage) {
  const auto key = test::TestKey::generate(test::TestKind::p256);
  test::CertificateRecipe recipe;
  recipe.common_name = "example.test/app";
  recipe.issuer = &authority.key;
  recipe.issuer_name = issuer;
  recipe.usage = usage;
  auto repository = NotaryRepository::standard();
  auto roles = standard_roles(repository);
  roles["root"] = {{test::publish_x509(key, test::make_certificate(key, recipe))}, 1};
  repository.add_root(1, roles);
  repository.add_root(2, roles);
  return repository;
}

}  // namespace

TEST_CASE("pins are described in words") {
  CHECK(tuf::describe(tuf::KeyIdPin{std::string(64, 'a')}) == "key ID aaaaaaaaaaaa…");
  CHECK(tuf::describe(tuf::SpkiPin{std::string(64, 'b')}) == "SPKI bbbbbbbbbbbb…");
  CHECK(tuf::describe(tuf::FirstUsePin{}) == "first use");
  CHECK(tuf::describe(Authority("my CA").pin()) == "CA 'my CA'");
  CHECK(tuf::describe(tuf::RootFilePin{}).starts_with("root file sha256:"));
}

TEST_CASE("an authority without a name is described by its hash") {
  base::SystemFs fs;
  const auto pem = base::read_file(fs, std::string(GAPSTOW_SOURCE_DIR) + "/tests/data/certs/no-cn.crt", 64U << 10);
  const auto certificate = test::certificate_of(std::string(base::as_text(pem)));
  const auto text = tuf::describe(tuf::CaPin{{certificate}});
  CHECK(text == "CA '" + digest::sha256(certificate.der()).short_text() + "'");
}

TEST_CASE("an authority does not vouch for a bare key") {
  const Authority authority("CA");
  auto repository = certified(authority, "CA", "codeSigning");
  auto roles = standard_roles(repository);
  roles["root"] = {{test::publish(test::TestKey::generate(test::TestKind::p256))}, 1};
  repository.add_root(1, roles);
  repository.add_root(2, roles);
  CHECK(refusal(repository, {authority.pin()}) == ErrorCode::pin_mismatch);
}

TEST_CASE("an authority vouches for roots that chain to it") {
  const Authority authority("CA");
  const Authority other("CA");
  for (const auto* usage : {"codeSigning", "serverAuth", ""}) {
    const auto repository = certified(authority, "CA", usage);
    CHECK(refusal(repository, {authority.pin()}) == std::nullopt);
    CHECK(refusal(repository, {other.pin()}) == ErrorCode::pin_mismatch);
    CHECK(refusal(repository, {other.pin(), authority.pin()}) == std::nullopt);
    CHECK(refusal(repository, {tuf::CaPin{}}) == ErrorCode::pin_mismatch);
  }
  CHECK(refusal(certified(authority, "CA", "emailProtection"), {authority.pin()}) == ErrorCode::pin_mismatch);
  CHECK(refusal(NotaryRepository::standard(), {authority.pin()}) == ErrorCode::pin_mismatch);
}

TEST_CASE("an authority vouches only while the path is valid") {
  const Authority authority("CA");
  const auto repository = certified(authority, "CA", "codeSigning");
  const auto files = repository.build();
  const auto at = [&](const char* when) {
    return test::error_of(
        [&] { tuf::verify_chain(files, tuf::notary_v1(), repository.gun, {authority.pin()}, base::parse_time(when)); });
  };
  CHECK(at("2026-11-23T00:00:00Z") == std::nullopt);
  CHECK(at("2019-01-01T00:00:00Z") == ErrorCode::pin_mismatch);
  CHECK(at("2100-01-01T00:00:00Z") == ErrorCode::pin_mismatch);
}

TEST_CASE("a pinned root file is the start, whatever its chain says") {
  const auto repository = NotaryRepository::standard();
  const auto files = repository.build();
  CHECK(test::proven(repository, {tuf::RootFilePin{files.roots.at(2)}}).first_root() == 2);

  auto other = repository;
  other.roots.at(1).body.set("expires", json::Value("2098-01-01T00:00:00Z"));
  const auto foreign = other.build();
  CHECK(refusal(repository, {tuf::RootFilePin{foreign.roots.at(1)}}) == ErrorCode::equivocation);

  other.add_root(3, standard_roles(other));
  const auto newer = other.build();
  CHECK(refusal(repository, {tuf::RootFilePin{newer.roots.at(3)}}) == ErrorCode::rollback);
  CHECK(refusal(repository, {tuf::RootFilePin{}}) == ErrorCode::malformed);
}

TEST_CASE("a pinned root file must meet its own threshold and carry the name") {
  auto repository = NotaryRepository::standard();
  repository.roots.erase(1);
  auto bare = repository;
  bare.roots.at(2).signers.clear();
  CHECK(refusal(bare, {tuf::RootFilePin{bare.build().roots.at(2)}}) == ErrorCode::threshold_unmet);
  auto elsewhere = repository;
  elsewhere.gun = "example.test/other";
  CHECK(refusal(elsewhere, {tuf::RootFilePin{elsewhere.build().roots.at(2)}}) == ErrorCode::name_mismatch);
}

TEST_CASE("of several pinned root files one that leads to the newest root is enough") {
  auto repository = NotaryRepository::standard();
  repository.add_root(3, standard_roles(repository));
  repository.add_root(4, standard_roles(repository));
  const auto all = repository.build();
  auto files = all;
  files.roots.erase(1);
  files.roots.erase(2);
  const std::vector<tuf::RootPin> pins{tuf::RootFilePin{all.roots.at(1)}, tuf::RootFilePin{all.roots.at(3)}};
  const auto verify = [&] { return tuf::verify_chain(files, tuf::notary_v1(), repository.gun, pins, test::kWhen); };
  CHECK(verify().first_root() == 3);
  files.roots.erase(4);
  files.roots[5] = all.roots.at(4);
  CHECK(test::error_of(verify) == ErrorCode::chain_incomplete);
}

TEST_CASE("a bad signature by a pinned key is not passed over for a later root") {
  auto repository = NotaryRepository::standard();
  repository.roots.at(1).edit_envelope.push_back(
      [](json::Object& envelope) { test::set(envelope, {"signed", "expires"}, "2098-01-01T00:00:00Z"); });
  CHECK(refusal(repository, {tuf::KeyIdPin{repository.keys.at("root").id}}) == ErrorCode::signature_invalid);
}

TEST_CASE("a pinned key in another role does not vouch for the root") {
  const auto repository = NotaryRepository::standard();
  for (const auto* role : {"targets", "timestamp", "delegation"}) {
    CHECK(refusal(repository, {tuf::KeyIdPin{repository.keys.at(role).id}}) == ErrorCode::pin_mismatch);
  }
}
