// TUF 1.0 as a dialect: what its files must say, and what may stand in them besides.
#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"
#include "support/tuf_v1_repository.h"
#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using json::Array;
using json::Object;
using json::Value;
using test::error_of;
using test::TestKey;
using test::TestKind;
using test::TufRepository;

namespace {

using Expected = std::optional<ErrorCode>;
using Path = std::vector<std::string>;

const TufRepository& good() {
  static const TufRepository repository = TufRepository::standard();
  return repository;
}

Expected verdict(const TufRepository& repository) {
  return error_of(
      [&] { tuf::verify_chain(repository.build(), tuf::tuf_v1(), "example", {repository.pin()}, test::kWhen); });
}

/// The repository with one value of a file set before it is signed.
Expected with(const std::string& role, const Path& path, const Value& value) {
  auto repository = good();
  repository.draft(role).edit_body.push_back([=](Object& body) { test::set(body, path, value); });
  return verdict(repository);
}

Expected without(const std::string& role, const Path& path) {
  auto repository = good();
  repository.draft(role).edit_body.push_back([=](Object& body) { test::erase(body, path); });
  return verdict(repository);
}

/// The parse of one delegation of "targets" after a change.
Expected delegation(const std::function<void(Object&)>& change) {
  auto repository = good();
  repository.draft("targets").edit_body.push_back([=](Object& body) {
    test::edit(body, {"delegations", "roles", "0"}, [&](Value& role) { change(*role.get_if<Object>()); });
  });
  return error_of([&] { tuf::tuf_v1().parse_targets(repository.build().targets.at("targets"), "targets"); });
}

Expected bins(const std::function<void(Object&)>& change) {
  auto repository = good();
  repository.add_targets("targets", 3, {repository.keys.at("targets")});
  repository.delegate_bins("targets", "bin", 4, {{repository.keys.at("delegation")}, 1});
  repository.draft("targets").edit_body.push_back(
      [=](Object& body) { test::edit(body, {"delegations"}, [&](Value& held) { change(*held.get_if<Object>()); }); });
  return error_of([&] { tuf::tuf_v1().parse_targets(repository.build().targets.at("targets"), "targets"); });
}

}  // namespace

TEST_CASE("a root says all that it must, and nothing that could be read in two ways") {
  struct Row {
    Path path;
    Value value;
    Expected expected;
  };
  const std::string strange(64, 'd');
  const Row rows[] = {
      {{"consistent_snapshot"}, Value("yes"), ErrorCode::malformed},
      {{"consistent_snapshot"}, Value(false), std::nullopt},
      {{"Consistent_snapshot"}, Value(false), ErrorCode::malformed},
      {{"keys"}, Value(Array{}), ErrorCode::malformed},
      {{"keys"}, Value(), ErrorCode::malformed},
      {{"keys", strange}, Value(Object{}), std::nullopt},  // no role uses it
      {{"roles"}, Value(Array{}), ErrorCode::malformed},
      {{"roles", "mirrors"}, Value(Object{}), std::nullopt},
      {{"roles", "releases"}, Value(Object{}), ErrorCode::role_invalid},
      {{"roles", "targets", "keyids"}, Value("a"), ErrorCode::malformed},
      {{"roles", "targets", "threshold"}, Value(1001), ErrorCode::role_invalid},
      {{"roles", "targets", "x-note"}, Value(true), std::nullopt},
      {{"x-note"}, Value(Object{{"a", Value(Array{Value(1), Value("b")})}}), std::nullopt},
      {{"expires"}, Value("2099-01-02 03:04:05"), ErrorCode::malformed},
      {{"expires"}, Value("2099-01-02T03:04:05.5+01:00"), std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CHECK(with("root", row.path, row.value) == row.expected);
  }
  for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) {
    CHECK(without("root", {"roles", role}) == ErrorCode::role_invalid);
  }
  CHECK(without("root", {"consistent_snapshot"}) == std::nullopt);
  CHECK(without("root", {"keys"}) == ErrorCode::malformed);
}

TEST_CASE("listings name what must be there") {
  CHECK(without("timestamp", {"meta", "snapshot.json"}) == ErrorCode::role_invalid);
  CHECK(without("snapshot", {"meta", "targets.json"}) == ErrorCode::role_invalid);
  CHECK(with("timestamp", {"meta"}, Value()) == ErrorCode::malformed);
  CHECK(with("timestamp", {"meta", "snapshot.json"}, Value()) == ErrorCode::malformed);
  CHECK(with("snapshot", {"meta"}, Value(Array{})) == ErrorCode::malformed);
  CHECK(with("snapshot", {"meta", "targets.json"}, Value()) == ErrorCode::malformed);
  const Value entry(Object{{"version", Value(1)}});
  CHECK(with("snapshot", {"meta", "root.json"}, entry) == std::nullopt);  // usual before 1.0
  CHECK(with("snapshot", {"meta", "other.txt"}, entry) == std::nullopt);
  CHECK(with("snapshot", {"meta", ".json"}, entry) == ErrorCode::role_invalid);
  CHECK(with("snapshot", {"meta", std::string(300, 'a') + ".json"}, entry) == ErrorCode::limit_exceeded);
  CHECK(with("snapshot", {"meta", "a.json"}, Value(Object{})) == ErrorCode::malformed);
}

TEST_CASE("entries of targets are checked") {
  CHECK(with("targets", {"targets"}, Value(Array{})) == ErrorCode::malformed);
  CHECK(without("targets", {"targets"}) == ErrorCode::malformed);
  CHECK(with("targets", {"targets", "base"}, Value()) == ErrorCode::malformed);
  CHECK(with("targets", {"targets", "base", "length"}, Value(-1)) == ErrorCode::malformed);
  CHECK(with("targets", {"targets", "base", "length"}, Value("4")) == ErrorCode::malformed);
  CHECK(with("targets", {"targets", "base", "hashes"}, Value()) == ErrorCode::malformed);
  CHECK(with("targets", {"targets", "base", "hashes", "sha256"}, Value("zz")) == ErrorCode::malformed);
  CHECK(with("targets", {"targets", "base", "hashes", "sha256"}, Value(std::string(64, 'A'))) == ErrorCode::malformed);
  CHECK(with("targets", {"targets", "base", "hashes", "blake3"}, Value("zz")) == std::nullopt);
  CHECK(with("targets", {"targets", "base", "custom"}, Value(Array{Value(1)})) == std::nullopt);
  CHECK(with("targets", {"targets", std::string(4097, 'a')}, Value(Object{})) == ErrorCode::limit_exceeded);
}

TEST_CASE("delegations are whole and of one kind") {
  CHECK(delegation([](Object&) {}) == std::nullopt);
  for (const auto* member : {"name", "keyids", "threshold", "terminating"}) {
    CAPTURE(member);
    CHECK(delegation([=](Object& role) { test::erase(role, {member}); }) == ErrorCode::malformed);
  }
  CHECK(delegation([](Object& role) { test::erase(role, {"paths"}); }) == ErrorCode::role_invalid);
  CHECK(delegation([](Object& role) { role.set("path_hash_prefixes", Value(Array{})); }) == ErrorCode::role_invalid);
  CHECK(delegation([](Object& role) { role.set("terminating", Value(1)); }) == ErrorCode::malformed);
  CHECK(delegation([](Object& role) { role.set("paths", Value("*")); }) == ErrorCode::malformed);
  CHECK(delegation([](Object& role) { role.set("paths", Value(Array{})); }) == std::nullopt);
  CHECK(delegation([](Object& role) { role.set("x-note", Value(1)); }) == std::nullopt);
  CHECK(delegation([](Object& role) { role.set("Terminating", Value(true)); }) == ErrorCode::malformed);
  CHECK(delegation([](Object& role) { role.set("threshold", Value(0)); }) == ErrorCode::role_invalid);
  for (const std::string name : {"root", "timestamp", "snapshot", "targets", "", "a\nb"}) {
    CAPTURE(name);
    CHECK(delegation([=](Object& role) { role.set("name", Value(name)); }) == ErrorCode::role_invalid);
  }
  CHECK(delegation([](Object& role) { role.set("name", Value("alice")); }) == ErrorCode::role_invalid);  // twice
  CHECK(delegation([](Object& role) { role.set("name", Value(std::string(256, 'a'))); }) == ErrorCode::limit_exceeded);
  for (const std::string& prefix : {std::string(), std::string("ABC"), std::string("xyz"), std::string(65, 'a')}) {
    CAPTURE(prefix);
    CHECK(delegation([=](Object& role) {
            test::erase(role, {"paths"});
            role.set("path_hash_prefixes", Value(Array{Value(prefix)}));
          }) == ErrorCode::malformed);
  }
}

TEST_CASE("bins are bounded, and instead of roles") {
  CHECK(bins([](Object&) {}) == std::nullopt);
  CHECK(bins([](Object& held) { held.set("roles", Value(Array{})); }) == ErrorCode::role_invalid);
  CHECK(bins([](Object& held) { test::erase(held, {"succinct_roles"}); }) == ErrorCode::role_invalid);
  CHECK(bins([](Object& held) { test::erase(held, {"keys"}); }) == ErrorCode::malformed);
  for (const auto* member : {"keyids", "threshold", "bit_length", "name_prefix"}) {
    CHECK(bins([=](Object& held) { test::erase(held, {"succinct_roles", member}); }) == ErrorCode::malformed);
  }
  for (const auto& [bits, expected] : {std::pair(0, Expected(ErrorCode::role_invalid)), std::pair(1, Expected()),
                                       std::pair(32, Expected()), std::pair(33, Expected(ErrorCode::role_invalid))}) {
    const Value value(bits);
    CHECK(bins([=](Object& held) { test::set(held, {"succinct_roles", "bit_length"}, value); }) == expected);
  }
  const Value long_name(std::string(250, 'a'));
  CHECK(bins([=](Object& held) { test::set(held, {"succinct_roles", "name_prefix"}, long_name); }) ==
        ErrorCode::limit_exceeded);
}

TEST_CASE("numbers of bins are their names and back") {
  for (const unsigned bits : {1U, 4U, 5U, 8U, 14U, 32U}) {
    const tuf::Bins some{{}, bits, "b"};
    tuf::Targets targets;
    targets.bins = some;
    const std::size_t last = (std::uint64_t{1} << bits) - 1;
    for (const std::size_t index : {std::size_t{0}, last / 3, last}) {
      const auto bin = tuf::delegation_at(targets, index);
      CHECK(tuf::bin_named(some, bin.name) == index);
      CHECK(tuf::delegates_to(targets, bin.name));
      for (const auto& prefix : bin.hash_prefixes) CHECK(tuf::bin_for(some, prefix + std::string(56, '0')) == index);
    }
    CHECK(error_of([&] { tuf::delegation_at(targets, last + 1); }) == ErrorCode::internal);
    const std::size_t digits = (bits + 3) / 4;
    for (const auto& name : {std::string("b"), std::string("b-"), "b-" + std::string(digits + 1, '0'),
                             "b-" + std::string(digits, 'G'), "c-" + std::string(digits, '0')}) {
      CHECK_FALSE(tuf::bin_named(some, name));
    }
  }
  CHECK_FALSE(tuf::bin_named({{}, 5, "b"}, "b-20"));
  CHECK(tuf::bin_named({{}, 5, "b"}, "b-1f") == 31);
}

TEST_CASE("signatures fit the scheme of their key and nothing else") {
  const auto signed_as = [](const TestKey& key, std::string_view method) {
    auto repository = good();
    const auto published = test::publish_v1(key);
    repository.roots.clear();
    auto roles = repository.top_roles();
    roles["timestamp"] = {{published}, 1};
    repository.add_root(1, roles);
    repository.timestamp.signers = {published};
    repository.timestamp.edit_envelope.push_back([=](Object& envelope) {
      const std::string canonical = json::canonical(*envelope.find("signed"));
      test::set(envelope, {"signatures", "0", "sig"}, Value(base::hex(key.sign(method, base::as_bytes(canonical)))));
    });
    return verdict(repository);
  };
  const auto p256 = TestKey::generate(TestKind::p256);
  CHECK(signed_as(p256, "ecdsa-der") == std::nullopt);
  CHECK(signed_as(p256, "ecdsa") == ErrorCode::signature_invalid);
  CHECK(signed_as(p256, "ecdsa-der-384") == ErrorCode::signature_invalid);
  const auto p384 = TestKey::generate(TestKind::p384);
  CHECK(signed_as(p384, "ecdsa-der-384") == std::nullopt);
  CHECK(signed_as(p384, "ecdsa-der") == ErrorCode::signature_invalid);
  CHECK(signed_as(TestKey::shared_rsa(), "rsapss") == std::nullopt);
  CHECK(signed_as(TestKey::shared_rsa(), "rsapkcs1v15") == ErrorCode::signature_invalid);
  CHECK(signed_as(TestKey::generate(TestKind::p521), "ecdsa-der") == ErrorCode::role_invalid);
  CHECK(signed_as(TestKey::generate(TestKind::rsa1024), "rsapss") == ErrorCode::unsupported);
}

TEST_CASE("null stands for nothing (go-tuf #749)") {
  for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) {
    for (const auto* member : {"_type", "expires", "spec_version", "version"}) {
      CAPTURE(role, member);
      CHECK(with(role, {member}, Value()) == ErrorCode::malformed);
    }
  }
  CHECK(with("targets", {"delegations"}, Value()) == ErrorCode::malformed);
  CHECK(with("root", {"consistent_snapshot"}, Value()) == ErrorCode::malformed);
}
