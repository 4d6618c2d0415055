#include "gapstow/tuf/inspect.h"

#include <catch2/catch.hpp>

#include "gapstow/base/fs.h"
#include "gapstow/tuf/dialect.h"
#include "support/tuf_samples.h"
#include "support/tuf_verify.h"

using namespace gapstow;

TEST_CASE("inspection tells what the files claim") {
  const auto claimed = tuf::inspect_chain(test::sample_files("dct-rotated"), tuf::notary_v1());
  REQUIRE(claimed.roots.size() == 6);
  const auto& first = claimed.roots.front();
  CHECK(first.file.version == 1);
  CHECK(first.file.length == 2232);
  REQUIRE(first.grants.size() == 4);
  CHECK(first.grants.front().role == "root");
  const auto& key = first.grants.front().keys.at(0);
  CHECK(key.id.starts_with("9586150e953c"));
  CHECK(key.canonical_id != key.id);
  CHECK(key.type == "ecdsa-p256");
  CHECK(key.certificate_name == test::kSampleGun);
  CHECK(key.certificate_until.has_value());
  CHECK(claimed.roots.at(2).file.signed_by.size() == 2);
  CHECK(claimed.listed_roles == std::vector<std::string>{"root", "targets", "targets/alice", "targets/releases"});
  REQUIRE(claimed.roles.size() == 5);
  CHECK(claimed.roles.at(0).name == "timestamp");
  CHECK(claimed.roles.at(0).version == 9);
  CHECK(claimed.delegations.size() == 2);
  CHECK(claimed.delegations.at(1).role == "targets/releases");
  CHECK(claimed.delegations.at(1).paths == std::vector<std::string>{""});
  for (const auto& target : claimed.targets) CHECK(target.role != "targets");
  for (const auto& role : claimed.roles) CHECK(role.problem.empty());
}

TEST_CASE("a certificate without a name is shown without one") {
  auto repository = test::NotaryRepository::standard();
  const auto key = test::TestKey::generate(test::TestKind::p256);
  base::SystemFs fs;
  const auto pem = base::read_file(fs, std::string(GAPSTOW_SOURCE_DIR) + "/tests/data/certs/no-cn.crt", 64U << 10);
  auto roles = test::standard_roles(repository);
  roles["root"] = {{test::publish_x509(key, std::string(base::as_text(pem)))}, 1};
  repository.add_root(1, roles);
  const auto claimed = tuf::inspect_chain(repository.build(), tuf::notary_v1());
  const auto& shown = claimed.roots.front().grants.front().keys.at(0);
  CHECK(claimed.roots.front().file.problem.empty());
  CHECK(shown.certificate_name.empty());
  CHECK(shown.certificate_until.has_value());
}

TEST_CASE("what cannot be read stands at its file, and the rest is shown") {
  auto files = test::sample_files("dct-rotated");
  files.snapshot.pop_back();
  files.roots[7] = files.roots.at(6);
  files.roots[2].clear();
  const auto claimed = tuf::inspect_chain(files, tuf::notary_v1());
  CHECK_FALSE(claimed.roles.at(1).problem.empty());
  CHECK(claimed.roles.at(1).length == 1081);
  CHECK(claimed.roles.at(0).problem.empty());
  CHECK_FALSE(claimed.roots.at(1).file.problem.empty());
  CHECK_FALSE(claimed.roots.at(6).file.problem.empty());
  CHECK(claimed.listed_roles.empty());
  CHECK_FALSE(claimed.targets.empty());
}

TEST_CASE("files without a name are claimed for the name in their newest root's certificates") {
  auto files = test::sample_files("dct-rotated");
  CHECK(tuf::notary_v1().claims(files, std::string(test::kSampleGun)));
  CHECK_FALSE(tuf::notary_v1().claims(files, "example.test/another"));
  files.roots.rbegin()->second.pop_back();
  CHECK_FALSE(tuf::notary_v1().claims(files, std::string(test::kSampleGun)));
  CHECK_FALSE(tuf::tuf_v1().claims(files, std::string(test::kSampleGun)));
}
