// Flaws of other implementations that were published: each has a test here that names it, tagged by its ID.
//
// What is not about chains is tested elsewhere:
//   NCC 2015, a failure to set up TLS turned it off: registry/network_test.cpp "files for TLS", registry/tls_test.cpp
//   NCC 2015, folders that everybody could read: trust/state_test.cpp "a new database is private, whole and empty",
//     trust/store_test.cpp "what everybody may write is not trusted"
//   NCC 2015, secrets that were not wiped: sign/secret_test.cpp "wiping overwrites"
//   NCC 2015, a PIN on the command line: no option takes a passphrase; registry/server_auth_test.cpp "messages hold no
//     secrets"
//   NCC 2015, a signing service that asked nobody who they were: gapstow runs none
//   Cure53 2018 TUF-01-004, "../" in a GUN: registry/notary_test.cpp "Names of repositories are encoded, and never lead
//     elsewhere"
//   go-tuf GHSA-jqc5-w2xx-5vq4, names in a map file left their folder: there are no map files
//   tough CVE-2021-41149 and CVE-2026-6968, targets written outside of their folder: archive/archive_reader_test.cpp,
//     cli/tuf_client.sh; CVE-2021-41150 is below
//   docker/cli #3217 and #3367, commands that passed trust by: trust/decision_test.cpp "without a rule an image needs a
//     chain"; by digest as well
#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "gapstow/trust/expiry.h"
#include "support/tuf_scene.h"
#include "support/tuf_v1_graphs.h"

using namespace gapstow;
using base::ErrorCode;
using json::Array;
using json::Object;
using json::Value;
using test::bare_repository;
using test::error_of;
using test::grow;
using test::NotaryRepository;
using test::refusal;
using test::Scene;
using test::TestKey;
using test::TestKind;
using test::TufRepository;

namespace {

tuf::VerifiedChain proven(const TufRepository& repository) {
  return tuf::verify_chain(repository.build(), tuf::tuf_v1(), "example", {repository.pin()}, test::kWhen);
}
std::optional<ErrorCode> refusal(const TufRepository& repository) {
  return error_of([&] { proven(repository); });
}

/// The next publication, in which a role has this version.
void publish_again(NotaryRepository& repository, const std::string& role, std::int64_t version) {
  for (const auto* listing : {"snapshot", "timestamp"}) repository.draft(listing).body.set("version", Value(6));
  repository.draft(role).body.set("version", Value(version));
}

test::PublishedKey fresh_v1() { return test::publish_v1(TestKey::generate(TestKind::ed25519)); }

void repeat_signature(test::Draft& draft) {
  draft.edit_envelope.push_back([](Object& envelope) {
    test::edit(envelope, {"signatures"},
               [](Value& list) { list.get_if<Array>()->push_back(Value(list.get_if<Array>()->front())); });
  });
}

/// Changes a member of the first delegation.
void change_delegation(TufRepository& repository, const std::string& member, const Value& value) {
  repository.draft("targets").edit_body.push_back(
      [=](Object& body) { test::set(body, {"delegations", "roles", "0", member}, value); });
}

/// The standard repository whose top role has these keys.
TufRepository with_role(const std::string& role, const test::TestRole& by) {
  auto repository = TufRepository::standard();
  auto roles = repository.top_roles();
  roles[role] = by;
  repository.roots.clear();
  repository.add_root(1, roles);
  return repository;
}

std::optional<ErrorCode> target_verdict(const TufRepository& repository, const std::string& target) {
  return error_of([&] { proven(repository).find(target); });
}

}  // namespace

// --- Notary ---------------------------------------------------------------------------------------------------------

TEST_CASE("CVE-2015-9258: the method of a signature must be one of its key", "[CVE-2015-9258]") {
  for (const auto* method : {"rsapss", "rsapkcs1v15", "eddsa"}) {
    auto repository = NotaryRepository::standard();
    repository.draft("targets").edit_envelope.push_back(
        [=](Object& envelope) { test::set(envelope, {"signatures", "0", "method"}, method); });
    CHECK(refusal(repository) == ErrorCode::signature_invalid);
  }
}

TEST_CASE("CVE-2015-9259: an expired root is found to be expired", "[CVE-2015-9259]") {
  auto repository = NotaryRepository::standard();
  repository.draft("root").body.set("expires", Value("2026-01-01T00:00:00Z"));
  const auto verdict = trust::judge_expiry(test::proven(repository).lifetimes(), trust::ExpiryRule::now,
                                           {.local = test::kWhen, .chosen = {}, .sealed = {}});
  CHECK(verdict.reasons.size() == 1);
  CHECK(verdict.findings.front().what == "root");
  CHECK(verdict.findings.front().lapsed);
}

TEST_CASE("NCC 2015: a giant version does not lock readers out for good", "[NCC-2015]") {
  auto notary = NotaryRepository::standard();
  notary.draft("timestamp").body.set("version", Value((std::int64_t{1} << 53) + 1));
  CHECK(refusal(notary) == ErrorCode::malformed);
  Scene scene;
  scene.set_version("timestamp", std::uint64_t{1} << 53);
  CHECK(scene.refresh() == std::nullopt);
  scene.set_version("timestamp", 6);
  CHECK(scene.refresh() == ErrorCode::rollback);
  scene.rotate("timestamp");
  CHECK(scene.refresh() == std::nullopt);
}

TEST_CASE("TUF-01-001: a member that is not signed changes nothing and is named", "[TUF-01-001]") {
  auto repository = NotaryRepository::standard();
  repository.draft("targets").edit_envelope.push_back([](Object& envelope) { envelope.set("extra", Value(1)); });
  const auto chain = test::proven(repository);
  CHECK(chain.roles().at(3).unsigned_members == std::vector<std::string>{"extra"});
}

TEST_CASE("TUF-01-002: version 2^31 - 1 is followed by the next", "[TUF-01-002]") {
  auto repository = NotaryRepository::standard();
  repository.draft("targets").body.set("version", Value(2147483647));
  const auto seen = test::proven(repository).seen();
  CHECK(seen.at("targets").version == 2147483647);
  publish_again(repository, "targets", std::int64_t{1} << 31);
  CHECK_NOTHROW(tuf::check_against_seen(test::proven(repository), seen));
  repository.draft("targets").body.set("version", Value(-2147483647));
  CHECK(refusal(repository) == ErrorCode::role_invalid);
}

TEST_CASE("TUF-01-003: keys of timestamp and snapshot cannot name a target", "[TUF-01-003]") {
  auto repository = NotaryRepository::standard();
  repository.put("targets", "evil", "by the server");
  repository.draft("targets").signers = {repository.keys.at("snapshot"), repository.keys.at("timestamp")};
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
}

// --- python-tuf -----------------------------------------------------------------------------------------------------

TEST_CASE("CVE-2020-6174: repeated signatures by one key do not meet a threshold", "[CVE-2020-6174]") {
  auto repository = with_role("targets", {{fresh_v1(), fresh_v1()}, 2});
  const auto& key = repository.keys.at("stranger");
  repository = with_role("targets", {{key, fresh_v1()}, 2});
  repository.draft("targets").signers = {key};
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
  repeat_signature(repository.draft("targets"));
  CHECK(refusal(repository) == ErrorCode::role_invalid);
}

TEST_CASE("CVE-2020-6173: there is a limit to signatures", "[CVE-2020-6173]") {
  auto repository = TufRepository::standard();
  repository.draft("timestamp").edit_envelope.push_back([](Object& envelope) {
    test::edit(envelope, {"signatures"}, [](Value& list) {
      for (std::size_t i = 0; i < tuf::kMaxSignatures; ++i) {
        list.get_if<Array>()->emplace_back(Object{{"keyid", Value(std::to_string(i))}, {"sig", Value("00")}});
      }
    });
  });
  CHECK(refusal(repository) == ErrorCode::limit_exceeded);
}

TEST_CASE("CVE-2020-15163: a root that is refused does not become the trusted one", "[CVE-2020-15163]") {
  Scene scene;
  CHECK(scene.refresh() == std::nullopt);
  const auto before = scene.store.files;
  scene.add_root();
  scene.repository.draft("root").signers = {scene.repository.keys.at("stranger")};
  CHECK(scene.refresh() == ErrorCode::threshold_unmet);
  CHECK(scene.store.files == before);
}

TEST_CASE("GMS-2022-4197: a new root must meet its own threshold", "[GMS-2022-4197]") {
  for (const bool by_new : {false, true}) {
    Scene scene;
    const auto next = fresh_v1();
    const auto old = scene.repository.keys.at("root");
    scene.add_root([&](auto& roles) { roles["root"] = {{next}, 1}; });
    scene.repository.draft("root").signers = {old};
    if (by_new) scene.repository.draft("root").signers.push_back(next);
    CHECK(scene.refresh() == (by_new ? std::nullopt : std::optional(ErrorCode::threshold_unmet)));
    CHECK(scene.version("root") == (by_new ? 3 : 2));
  }
}

TEST_CASE("CVE-2021-41131, CVE-2021-41150: names of roles do not leave their folder",
          "[CVE-2021-41131][CVE-2021-41150]") {
  Scene scene;
  const auto key = scene.repository.keys.at("delegation");
  scene.repository.add_targets("targets", 3, {scene.repository.keys.at("targets")});
  scene.repository.delegate("targets", "../../evil", {{key}, 1}, {"*"});
  scene.repository.add_targets("../../evil", 1, {key});
  CHECK(scene.find("x") == ErrorCode::chain_incomplete);
  CHECK(scene.requests.back() == "1...%2F..%2Fevil.json");
  auto notary = NotaryRepository::standard();
  notary.delegate("targets", "targets/../../evil", {{notary.keys.at("delegation")}, 1}, {""});
  CHECK(refusal(notary) == ErrorCode::role_invalid);
}

TEST_CASE("GHSA-77hh-43cm-v8j6: a role is looked up in the role that delegates to it", "[GHSA-77hh-43cm-v8j6]") {
  auto repository = bare_repository();
  grow(repository, "targets", "A", {"*"});
  // The key that A appoints signs B; that "targets" has a key for a role of that name does not matter, and the reverse.
  grow(repository, "A", "B", {"*"}, false, "x");
  CHECK(proven(repository).find("x").role == "B");
  repository.draft("B").signers = {repository.draft("A").signers.front()};
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
  repository.draft("B").signers = {repository.keys.at("targets")};
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
}

TEST_CASE("GHSA-qp9x-wp8f-qgjj: patterns tell upper from lower case", "[GHSA-qp9x-wp8f-qgjj]") {
  auto repository = bare_repository();
  grow(repository, "targets", "A", {"App/*"}, false, "app/x");
  repository.put("A", "App/x", "content");
  CHECK(target_verdict(repository, "App/x") == std::nullopt);
  CHECK(target_verdict(repository, "app/x") == ErrorCode::target_missing);
}

TEST_CASE("python-tuf #2977: a role that two roles delegate to is proven by the keys of both", "[python-tuf-2977]") {
  auto repository = bare_repository();
  for (const auto* role : {"A", "B"}) grow(repository, "targets", role, {"*"});
  for (const auto* role : {"A", "B"}) grow(repository, role, "C", {"*"});
  CHECK(refusal(repository) == std::nullopt);
  repository.targets.at("C").signers.pop_back();
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
}

// --- go-tuf ---------------------------------------------------------------------------------------------------------

TEST_CASE("GHSA-3633-5h82-39pq, go-tuf #733: one public key under two IDs counts once",
          "[GHSA-3633-5h82-39pq][go-tuf-733]") {
  const auto key = TestKey::generate(TestKind::p256);
  const auto pem = test::publish_v1(key);
  auto renamed = pem;
  renamed.id = std::string(64, 'a');
  for (const auto& other : {test::publish_v1_point(key), renamed}) {
    auto repository = with_role("timestamp", {{pem, other, fresh_v1()}, 2});
    repository.timestamp.signers = {pem, other};
    CHECK(refusal(repository) == ErrorCode::threshold_unmet);
  }
}

TEST_CASE("CVE-2022-29173: older metadata is refused before anything of it is kept", "[CVE-2022-29173]") {
  for (const auto* role : {"timestamp", "snapshot", "targets"}) {
    Scene scene;
    CHECK(scene.refresh() == std::nullopt);
    const auto before = scene.store.files;
    if (std::string(role) != "timestamp") scene.repository.publish_again("timestamp");
    scene.set_version(role, 1);
    if (std::string(role) == "targets") scene.repository.publish_again("snapshot");
    CAPTURE(role);
    CHECK(scene.refresh() == ErrorCode::rollback);
    CHECK(scene.store.files.at(role) == before.at(role));
  }
}

TEST_CASE("CVE-2024-47534: each delegation is verified by its own keys and threshold", "[CVE-2024-47534]") {
  auto repository = bare_repository();
  grow(repository, "targets", "A", {"*"}, false, "x");
  grow(repository, "targets", "B", {"*"}, false, "y");
  CHECK(refusal(repository) == std::nullopt);
  std::swap(repository.draft("A").signers, repository.draft("B").signers);
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
}

TEST_CASE("go-tuf #652: a role that the snapshot does not list is an error", "[go-tuf-652]") {
  auto repository = TufRepository::standard();
  repository.targets.erase("releases");
  CHECK(target_verdict(repository, "app/1.0") == ErrorCode::chain_incomplete);
  Scene scene;
  scene.repository.targets.erase("releases");
  CHECK(scene.find("app/1.0") == ErrorCode::chain_incomplete);
}

TEST_CASE("CVE-2026-23991: malformed JSON is an error, before any signature is looked at", "[CVE-2026-23991]") {
  for (const auto* text : {"", "{", "null", "[]", "1", "{}", R"({"signed":null,"signatures":null})",
                           R"({"signed":{},"signatures":[null]})", R"({"signed":[],"signatures":{}})",
                           R"({"signed":{"_type":"timestamp"},"signatures":[{"keyid":1,"sig":2}]})"}) {
    Scene scene;
    scene.replaced["timestamp.json"] = base::to_bytes(text);
    CAPTURE(text);
    CHECK(scene.refresh() == ErrorCode::malformed);
  }
}

TEST_CASE("CVE-2026-23992: a threshold is at least one", "[CVE-2026-23992]") {
  for (const int threshold : {0, -1}) {
    for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) {
      auto repository = TufRepository::standard();
      repository.draft("root").edit_body.push_back(
          [=](Object& body) { test::set(body, {"roles", role, "threshold"}, threshold); });
      CHECK(refusal(repository) == ErrorCode::role_invalid);
    }
    auto repository = TufRepository::standard();
    change_delegation(repository, "threshold", threshold);
    CHECK(refusal(repository) == ErrorCode::role_invalid);
  }
}

TEST_CASE("go-tuf #721: a target needs a hash that is known", "[go-tuf-721]") {
  for (const auto& hashes : {Object{}, Object{{"md5", Value("00")}}}) {
    auto repository = TufRepository::standard();
    repository.draft("targets").edit_body.push_back(
        [=](Object& body) { test::set(body, {"targets", "base", "hashes"}, Value(hashes)); });
    CHECK(refusal(repository) == ErrorCode::role_invalid);
  }
}

TEST_CASE("go-tuf #739: an Ed25519 key has 32 bytes", "[go-tuf-739]") {
  for (const std::size_t size : {0U, 31U, 33U, 64U}) {
    auto key = fresh_v1();
    key.value = base::hex(base::Bytes(size, std::byte{1}));
    CHECK(refusal(with_role("timestamp", {{key}, 1})) == ErrorCode::malformed);
  }
}

TEST_CASE("go-tuf #749: null stands for nothing that is needed", "[go-tuf-749]") {
  for (const auto& path : std::vector<std::vector<std::string>>{{"keys"},
                                                                {"roles"},
                                                                {"roles", "root"},
                                                                {"roles", "timestamp", "keyids"},
                                                                {"roles", "snapshot", "threshold"},
                                                                {"version"},
                                                                {"expires"}}) {
    auto repository = TufRepository::standard();
    repository.draft("root").edit_body.push_back([=](Object& body) { test::set(body, path, Value()); });
    CHECK(refusal(repository) == ErrorCode::malformed);
  }
}

// --- tough ----------------------------------------------------------------------------------------------------------

TEST_CASE("CVE-2020-15093, rust-tuf #283, php-tuf #174: one key ID counts once, however often it signs",
          "[CVE-2020-15093][rust-tuf-283][php-tuf-174]") {
  const auto key = test::publish_v1(TestKey::generate(TestKind::p256));
  auto repository = with_role("snapshot", {{key, fresh_v1()}, 2});
  repository.snapshot.signers = {key, key};
  CHECK(refusal(repository) == ErrorCode::role_invalid);
  repository = with_role("snapshot", {{key}, 1});
  repository.snapshot.signers = {key};
  repository.draft("root").edit_body.push_back([=](Object& body) {
    test::set(body, {"roles", "snapshot", "keyids"}, Value(Array{Value(key.id), Value(key.id)}));
    test::set(body, {"roles", "snapshot", "threshold"}, 2);
  });
  CHECK(refusal(repository) == ErrorCode::role_invalid);
}

TEST_CASE("CVE-2025-2885: a root is exactly one version on", "[CVE-2025-2885]") {
  for (const int version : {1, 2, 4}) {
    Scene scene;
    scene.add_root();
    scene.replaced["3.root.json"] = [&] {
      auto other = scene.repository;
      other.draft("root").body.set("version", Value(version));
      return other.build().roots.at(3);
    }();
    CHECK(scene.refresh() == ErrorCode::role_invalid);
    CHECK(scene.version("root") == 2);
  }
}

TEST_CASE("CVE-2025-2886: a terminating delegation ends the search", "[CVE-2025-2886]") {
  for (const bool ends : {false, true}) {
    auto repository = bare_repository();
    grow(repository, "targets", "A", {"x"}, ends);
    grow(repository, "targets", "B", {"x"}, false, "x");
    CHECK(target_verdict(repository, "x") == (ends ? std::optional(ErrorCode::target_missing) : std::nullopt));
  }
}

TEST_CASE("CVE-2025-2887: rollback of delegated roles is seen", "[CVE-2025-2887]") {
  Scene scene;
  CHECK(scene.find("note") == std::nullopt);
  scene.set_version("alice", 3);
  scene.repository.publish_again("snapshot");
  CHECK(scene.find("note") == ErrorCode::rollback);

  auto notary = NotaryRepository::standard();
  const auto seen = test::proven(notary).seen();
  publish_again(notary, "targets/alice", 3);
  CHECK(error_of([&] { tuf::check_against_seen(test::proven(notary), seen); }) == ErrorCode::rollback);
}

TEST_CASE("CVE-2025-2888: a timestamp whose snapshot is a rollback does not lock out what is good", "[CVE-2025-2888]") {
  Scene scene;
  CHECK(scene.refresh() == std::nullopt);
  const auto honest = scene.repository;
  scene.set_version("timestamp", 6);
  scene.set_version("snapshot", 1);
  CHECK(scene.refresh() == ErrorCode::rollback);
  CHECK(scene.version("timestamp") == 5);
  scene.repository = honest;
  CHECK(scene.refresh() == std::nullopt);
}

TEST_CASE("CVE-2026-6966: repeated signatures do not meet the threshold of a delegated role", "[CVE-2026-6966]") {
  auto repository = bare_repository();
  const auto key = fresh_v1();
  repository.delegate("targets", "A", {{key, fresh_v1()}, 2}, {"*"});
  repository.add_targets("A", 1, {key});
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
  repeat_signature(repository.draft("A"));
  CHECK(refusal(repository) == ErrorCode::role_invalid);
}

TEST_CASE("CVE-2026-6967: lifetime, hash and length of delegated roles count", "[CVE-2026-6967]") {
  Scene scene;
  SECTION("lifetime") {
    scene.expire("releases");
    CHECK(scene.find("app/1.0") == ErrorCode::expired);
  }
  SECTION("hash") {
    scene.repository.draft("releases").tamper.push_back([](std::string& text) {
      text.insert(1, " "), text.pop_back();
    });
    CHECK(scene.find("app/1.0") == ErrorCode::digest_mismatch);
  }
  SECTION("length") {
    scene.repository.draft("releases").tamper.push_back([](std::string& text) { text += "\n"; });
    CHECK(scene.find("app/1.0") == ErrorCode::limit_exceeded);  // no more is read than is promised
  }
}

// --- others ---------------------------------------------------------------------------------------------------------

TEST_CASE("rust-tuf #294: the snapshot has the version that the timestamp names", "[rust-tuf-294]") {
  auto repository = TufRepository::standard();
  repository.with_hashes = false;
  repository.timestamp.edit_body.push_back(
      [](Object& body) { test::set(body, {"meta", "snapshot.json", "version"}, Value(6)); });
  CHECK(refusal(repository) == ErrorCode::role_invalid);
}

TEST_CASE("CVE-2023-7279: long names of delegations cost no more than their length", "[CVE-2023-7279]") {
  for (const auto* part : {"a", "a/", "-", "targets/"}) {
    std::string name = "targets/";
    while (name.size() < (1U << 20)) name += part;
    auto notary = NotaryRepository::standard();
    notary.delegate("targets", name + "!", {{notary.keys.at("delegation")}, 1}, {""});
    CHECK(refusal(notary).has_value());
  }
  auto repository = bare_repository();
  std::string stars;
  while (stars.size() < 4000) stars += "*a";
  grow(repository, "targets", "A", {stars});
  CHECK(target_verdict(repository, std::string(4000, 'a') + "b") == ErrorCode::target_missing);
}
