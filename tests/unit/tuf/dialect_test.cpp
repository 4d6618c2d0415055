// Notary v1 as a dialect: kinds of keys, names of roles, limits.
#include "gapstow/tuf/dialect.h"

#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"
#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::NotaryRepository;
using test::proven;
using test::PublishedKey;
using test::refusal;
using test::TestKey;
using test::TestKind;

namespace {

/// The standard repository whose delegated roles are signed by this key.
NotaryRepository delegated_to(const PublishedKey& key) {
  auto repository = NotaryRepository::standard();
  repository.add_targets("targets", 3, {repository.keys.at("targets")});
  repository.delegate("targets", "targets/releases", {{key}, 1}, {""});
  repository.targets.erase("targets/alice");
  repository.draft("targets/releases").signers = {key};
  return repository;
}

/// What becomes of a delegation with this name in `from`.
std::optional<ErrorCode> delegation_named(const std::string& name) {
  auto repository = NotaryRepository::standard();
  repository.delegate("targets", name, {{repository.keys.at("delegation")}, 1}, {""});
  return refusal(repository);
}

std::string repeated(std::size_t count) { return "targets/" + std::string(count, 'a'); }

}  // namespace

TEST_CASE("every kind of key signs with the methods that fit it") {
  std::vector<PublishedKey> keys;
  for (const auto kind : {TestKind::ed25519, TestKind::p224, TestKind::p256, TestKind::p384, TestKind::p521}) {
    keys.push_back(test::publish(TestKey::generate(kind)));
  }
  for (const auto kind : {TestKind::p224, TestKind::p256, TestKind::p384, TestKind::p521}) {
    const auto key = TestKey::generate(kind);
    keys.push_back(test::publish_x509(key, test::make_certificate(key, {.common_name = "anyone"})));
  }
  const auto& rsa = TestKey::shared_rsa();
  keys.push_back(test::publish(rsa));
  keys.push_back(test::publish_x509(rsa, test::make_certificate(rsa, {.common_name = "anyone"})));
  for (const auto& key : keys) {
    CAPTURE(key.type, key.id);
    CHECK(refusal(delegated_to(key)) == std::nullopt);
    for (const auto* method : {"ecdsa", "eddsa", "rsapss", "rsapkcs1v15"}) {
      if (method == key.key.method()) continue;
      auto repository = delegated_to(key);
      repository.draft("targets/releases").edit_envelope.push_back([&](json::Object& envelope) {
        test::set(envelope, {"signatures", "0", "method"}, method);
      });
      CHECK(refusal(repository) == ErrorCode::signature_invalid);
    }
  }
}

TEST_CASE("PKCS #1 signatures count for RSA keys, DER signatures for none") {
  const auto resigned = [](const PublishedKey& key, const char* making, const char* naming) {
    auto repository = delegated_to(key);
    repository.draft("targets/releases").edit_envelope.push_back([=](json::Object& envelope) {
      const std::string canonical = json::canonical(*envelope.find("signed"));
      const auto signature = key.key.sign(making, base::as_bytes(canonical));
      test::set(envelope, {"signatures", "0", "sig"}, base::base64(signature));
      test::set(envelope, {"signatures", "0", "method"}, naming);
    });
    return refusal(repository);
  };
  const auto rsa = test::publish(TestKey::shared_rsa());
  CHECK(resigned(rsa, "rsapkcs1v15", "rsapkcs1v15") == std::nullopt);
  CHECK(resigned(rsa, "rsapss", "rsapkcs1v15") == ErrorCode::signature_invalid);
  CHECK(resigned(rsa, "rsapkcs1v15", "rsapss") == ErrorCode::signature_invalid);
  const auto ec = test::publish(TestKey::generate(TestKind::p256));
  CHECK(resigned(ec, "ecdsa", "ecdsa") == std::nullopt);
  CHECK(resigned(ec, "ecdsa-der", "ecdsa") == ErrorCode::signature_invalid);
}

TEST_CASE("keys that are not what their type says are refused") {
  const auto key = TestKey::generate(TestKind::p256);
  const auto spki = key.spki();
  const auto verdict = [&](const std::string& type, const base::Bytes& value) {
    return refusal(delegated_to(test::publish_as(key, type, value)));
  };
  auto trailing = spki;
  trailing.push_back(std::byte{0});
  CHECK(verdict("ecdsa", spki) == std::nullopt);
  CHECK(verdict("ecdsa", trailing) == ErrorCode::malformed);
  CHECK(verdict("ecdsa", {}) == ErrorCode::malformed);
  CHECK(verdict("rsa", spki) == ErrorCode::role_invalid);
  CHECK(verdict("ecdsa", TestKey::shared_rsa().spki()) == ErrorCode::role_invalid);
  CHECK(verdict("ecdsa", TestKey::generate(TestKind::ed25519).spki()) == ErrorCode::role_invalid);
  CHECK(verdict("rsa", TestKey::generate(TestKind::rsa1024).spki()) == ErrorCode::unsupported);
  CHECK(verdict("ed25519", base::Bytes(31, std::byte{1})) == ErrorCode::malformed);
  CHECK(verdict("ed25519", base::Bytes(33, std::byte{1})) == ErrorCode::malformed);
  CHECK(verdict("ed25519", base::Bytes(32)) == ErrorCode::malformed);
  CHECK(verdict("ecdsa-x509", spki) == ErrorCode::malformed);
  const auto pem = test::make_certificate(key, {.common_name = "anyone"});
  CHECK(verdict("rsa-x509", base::to_bytes(pem)) == ErrorCode::role_invalid);
  CHECK(verdict("dilithium", spki) == ErrorCode::unsupported);
  CHECK(verdict("ECDSA", spki) == ErrorCode::unsupported);
}

TEST_CASE("a key of an unknown type that no role uses is left alone, if its ID is right") {
  const auto key = TestKey::generate(TestKind::p256);
  auto strange = test::publish_as(key, "dilithium", key.spki());
  auto repository = NotaryRepository::standard();
  const auto add = [&](const std::string& id) {
    repository.draft("root").edit_body.push_back([=](json::Object& body) {
      test::set(body, {"keys", id, "keytype"}, strange.type);
      test::set(body, {"keys", id, "keyval", "public"}, strange.value);
    });
  };
  add(strange.id);
  CHECK(refusal(repository) == std::nullopt);
  add(std::string(64, '1'));
  CHECK(refusal(repository) == ErrorCode::role_invalid);
}

TEST_CASE("metadata with a private key in it is refused") {
  auto repository = NotaryRepository::standard();
  repository.draft("root").edit_body.push_back([&](json::Object& body) {
    test::set(body, {"keys", repository.keys.at("targets").id, "keyval", "private"}, "c2VjcmV0");
  });
  CHECK(refusal(repository) == ErrorCode::malformed);
}

TEST_CASE("names of delegations are plain and one level below") {
  for (const auto* name : {"targets/a", "targets/a-b_c9", "targets/-", "targets/_"}) {
    CAPTURE(name);
    CHECK(delegation_named(name) == std::nullopt);
  }
  CHECK(delegation_named(repeated(247)) == std::nullopt);
  CHECK(delegation_named(repeated(248)) == ErrorCode::role_invalid);
  for (const auto* name :
       {"",          "targets",     "targets/",   "targets//a",       "targets/a/",  "targets/a/b", "target/a",
        "targets/A", "targets/a b", "targets/..", "targets/../a",     "targets/a.b", "/targets/a",  "root",
        "snapshot",  "targets/%2f", "targets\\a", "targets/\xC3\xA4", "targets/a\n", "Targets/a",   "targets/alice"}) {
    CAPTURE(name);
    CHECK(delegation_named(name) == ErrorCode::role_invalid);  // the last one is there already
  }
}

TEST_CASE("a delegated role may delegate only below itself") {
  const auto verdict = [](const std::string& from, const std::string& name) {
    auto repository = NotaryRepository::standard();
    repository.delegate(from, name, {{repository.keys.at("delegation")}, 1}, {""});
    return refusal(repository);
  };
  CHECK(verdict("targets/alice", "targets/alice/x") == std::nullopt);
  CHECK(verdict("targets/alice", "targets/alice") == ErrorCode::role_invalid);
  CHECK(verdict("targets/alice", "targets/releases") == ErrorCode::role_invalid);
  CHECK(verdict("targets/alice", "targets/bob") == ErrorCode::role_invalid);
  CHECK(verdict("targets/alice", "targets/alicex") == ErrorCode::role_invalid);
  CHECK(verdict("targets/alice", "targets/alice/x/y") == ErrorCode::role_invalid);
  CHECK(verdict("targets/alice", "targets") == ErrorCode::role_invalid);
}

TEST_CASE("targets need a length and a hash that is known") {
  const auto verdict = [](const std::vector<std::string>& path, const json::Value& value) {
    auto repository = NotaryRepository::standard();
    repository.draft("targets").edit_body.push_back([=](json::Object& body) { test::set(body, path, value); });
    return refusal(repository);
  };
  CHECK(verdict({"targets", "base", "hashes"}, json::Value(json::Object{})) == ErrorCode::role_invalid);
  CHECK(verdict({"targets", "base", "hashes", "md5"}, "AAAA") == std::nullopt);
  CHECK(verdict({"targets", "base", "hashes", "SHA256"}, "AAAA") == ErrorCode::malformed);
  CHECK(verdict({"targets", "base", "hashes", "sha512"}, "AAAA") == ErrorCode::malformed);
  CHECK(verdict({"targets", "base", "hashes", "sha256"}, json::Value()) == ErrorCode::malformed);
  CHECK(verdict({"targets", "base", "length"}, -1) == ErrorCode::malformed);
  CHECK(verdict({"targets", "base", "Length"}, 1) == ErrorCode::malformed);
  CHECK(verdict({"targets", "base", "custom"}, json::Value(json::Object{{"a", json::Value(json::Array{})}})) ==
        std::nullopt);
  CHECK(verdict({"targets", "base"}, json::Value()) == ErrorCode::malformed);
  CHECK(verdict({"targets"}, json::Value(json::Array{})) == ErrorCode::malformed);
  CHECK(verdict({"targets", std::string(5000, 'n')}, json::Value()) == ErrorCode::limit_exceeded);
  CHECK(verdict({"delegations"}, json::Value()) == ErrorCode::malformed);
  CHECK(verdict({"delegations", "roles"}, json::Value()) == ErrorCode::malformed);
}

TEST_CASE("the snapshot lists names of roles and nothing else") {
  const auto verdict = [](const std::string& name) {
    auto repository = NotaryRepository::standard();
    repository.draft("snapshot").edit_body.push_back([=](json::Object& body) {
      test::set(body, {"meta", name}, json::Value(test::meta_of(base::as_bytes("x"))));
    });
    return refusal(repository);
  };
  CHECK(verdict("targets/bob") == std::nullopt);
  for (const auto* name : {"timestamp", "snapshot", "targets/../x", "/etc/passwd", "targets/", ""}) {
    CAPTURE(name);
    CHECK(verdict(name) == ErrorCode::role_invalid);
  }
}

TEST_CASE("numbers of keys and delegations are bounded") {
  const auto many_delegations = [](std::size_t count) {
    auto repository = NotaryRepository::standard();
    json::Array roles;
    const auto& id = repository.keys.at("delegation").id;
    for (std::size_t i = 0; i < count; ++i) {
      roles.emplace_back(json::Object{{"keyids", json::Value(json::Array{json::Value(id)})},
                                      {"name", json::Value("targets/r" + std::to_string(i))},
                                      {"threshold", json::Value(1)}});
    }
    repository.targets.erase("targets/releases");
    repository.targets.erase("targets/alice");
    test::set(repository.draft("targets").body, {"delegations", "roles"}, json::Value(roles));
    return refusal(repository);
  };
  CHECK(many_delegations(tuf::kMaxDelegations) == std::nullopt);
  CHECK(many_delegations(tuf::kMaxDelegations + 1) == ErrorCode::limit_exceeded);
  auto repository = NotaryRepository::standard();
  repository.draft("root").edit_body.push_back([](json::Object& body) {
    json::Object keys;
    for (std::size_t i = 0; i <= tuf::kMaxKeys; ++i) keys.set(std::to_string(i), json::Value());
    body.set("keys", json::Value(keys));
  });
  CHECK(refusal(repository) == ErrorCode::limit_exceeded);
}

TEST_CASE("a child's paths are narrowed to those below the parent's") {
  const auto& dialect = tuf::notary_v1();
  tuf::Delegation parent;
  parent.paths = {"app/", "lib"};
  tuf::Delegation child;
  child.paths = {"app/v1", "app", "lib", "other", ""};
  CHECK(dialect.narrow(&parent, child).paths == std::vector<std::string>{"app/v1", "lib"});
  CHECK(dialect.narrow(nullptr, child).paths == child.paths);
  CHECK(dialect.may_name(parent, "app/x"));
  CHECK(dialect.may_name(parent, "library"));
  CHECK_FALSE(dialect.may_name(parent, "app"));
  CHECK_FALSE(dialect.may_name({}, "app"));
}
