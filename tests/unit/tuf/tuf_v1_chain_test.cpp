// Whole chains of TUF 1.0: keys of every kind, delegations, bins and the search for a target.
#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "gapstow/tuf/inspect.h"
#include "support/tuf_v1_graphs.h"
#include "support/tuf_v1_repository.h"
#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::bare_repository;
using test::error_of;
using test::grow;
using test::kWhen;
using test::PublishedKey;
using test::TestKey;
using test::TestKind;
using test::TestRole;
using test::TufRepository;

namespace {

tuf::VerifiedChain proven(const TufRepository& repository) {
  return tuf::verify_chain(repository.build(), tuf::tuf_v1(), "example", {repository.pin()}, kWhen);
}
std::optional<ErrorCode> refusal(const TufRepository& repository) {
  return error_of([&] { proven(repository); });
}

}  // namespace

TEST_CASE("a TUF 1.0 chain verifies and answers in order") {
  const auto repository = TufRepository::standard();
  const auto chain = proven(repository);
  CHECK(chain.dialect() == "tuf-1.0");
  CHECK(chain.roles().front().version == 2);
  std::vector<std::string> names;
  for (const auto& role : chain.roles()) names.push_back(role.name);
  CHECK(names == std::vector<std::string>{"root", "timestamp", "snapshot", "targets", "releases", "alice"});
  CHECK(chain.find("base").role == "targets");
  CHECK(chain.find("note").role == "alice");
  const auto found = chain.find("app/1.0");
  CHECK(found.role == "releases");
  CHECK(found.differing_roles == std::vector<std::string>{"alice"});
  CHECK(found.consulted == std::vector<std::string>{"targets", "releases"});
  CHECK(error_of([&] { chain.find("app/draft"); }) == ErrorCode::target_missing);  // "releases" is terminating
  CHECK(chain.all_targets().size() == 3);
  CHECK_NOTHROW(tuf::check_against_seen(chain, chain.seen()));
  const auto claimed = tuf::inspect_chain(repository.build(), tuf::tuf_v1());
  for (const auto& role : claimed.roles) CHECK(role.problem.empty());
  CHECK(claimed.delegations.size() == 2);
}

TEST_CASE("lengths and hashes of metadata may be left out") {
  auto repository = TufRepository::standard();
  repository.with_hashes = false;
  CHECK(refusal(repository) == std::nullopt);
  auto files = repository.build();
  files.targets["releases"] = files.targets["alice"];
  CHECK_NOTHROW(tuf::verify_chain(files, tuf::tuf_v1(), "example", {repository.pin()}, kWhen));
  repository.draft("releases").body.set("version", json::Value(9));
  auto newer = repository.build();
  files = TufRepository(repository).build();
  newer.snapshot = files.snapshot;
  CHECK_NOTHROW(tuf::verify_chain(newer, tuf::tuf_v1(), "example", {repository.pin()}, kWhen));
}

TEST_CASE("the versions that snapshot and timestamp promise are those of the files") {
  for (const auto* role : {"targets", "releases", "snapshot"}) {
    auto repository = TufRepository::standard();
    repository.with_hashes = false;
    auto& holder = std::string(role) == "snapshot" ? repository.timestamp : repository.snapshot;
    const std::string name = repository.listed_name(role);
    holder.edit_body.push_back(
        [=](json::Object& body) { test::set(body, {"meta", name, "version"}, json::Value(77)); });
    CAPTURE(role);
    CHECK(refusal(repository) == ErrorCode::role_invalid);
  }
}

TEST_CASE("keys of every kind sign") {
  for (const auto& key :
       {test::publish_v1(TestKey::generate(TestKind::p256)), test::publish_v1(TestKey::generate(TestKind::p384)),
        test::publish_v1_point(TestKey::generate(TestKind::p256)),
        test::publish_v1_point(TestKey::generate(TestKind::p384)),
        test::publish_v1(TestKey::generate(TestKind::ed25519)), test::publish_v1(TestKey::shared_rsa())}) {
    CAPTURE(key.type, key.value);
    auto repository = TufRepository::standard();
    repository.keys.at("timestamp") = key;
    repository.roots.clear();
    repository.add_root(1, repository.top_roles());
    repository.finish(1);
    CHECK(refusal(repository) == std::nullopt);
  }
}

TEST_CASE("one key under two IDs counts once (go-tuf GHSA-3633-5h82-39pq)") {
  auto repository = TufRepository::standard();
  const auto key = TestKey::generate(TestKind::p256);
  const auto pem = test::publish_v1(key);
  const auto point = test::publish_v1_point(key);
  const auto other = test::publish_v1(TestKey::generate(TestKind::ed25519));
  repository.roots.clear();
  auto roles = repository.top_roles();
  roles["timestamp"] = {{pem, point, other}, 2};
  repository.add_root(1, roles);
  repository.timestamp.signers = {pem, point};
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
  repository.timestamp.signers = {pem, other};
  CHECK(refusal(repository) == std::nullopt);
}

TEST_CASE("an ID need not be the hash of its key, and unknown kinds of keys only do not count") {
  auto repository = TufRepository::standard();
  auto key = test::publish_v1(TestKey::generate(TestKind::p256));
  key.id = "signer of the day";
  repository.roots.clear();
  auto roles = repository.top_roles();
  roles["timestamp"] = {{key}, 1};
  auto& root = repository.add_root(1, roles);
  test::set(root.body, {"keys", "future"},
            json::Value(json::Object{{"keytype", json::Value("ml-dsa")},
                                     {"scheme", json::Value("ml-dsa-65")},
                                     {"keyval", json::Value(json::Object{{"public", json::Value("…")}})}}));
  test::edit(root.body, {"roles", "timestamp", "keyids"},
             [](json::Value& ids) { ids.get_if<json::Array>()->emplace_back("future"); });
  repository.timestamp.signers = {key};
  CHECK(refusal(repository) == std::nullopt);
  test::set(root.body, {"roles", "timestamp", "threshold"}, json::Value(2));
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
}

TEST_CASE("the search is pre-order, depth first, and ends at terminating delegations") {
  for (const auto& row : test::delegation_graphs()) {
    auto repository = bare_repository();
    for (const auto& edge : row.edges) grow(repository, edge.from, edge.to, {edge.path}, edge.terminating);
    const auto chain = proven(repository);
    std::vector<std::string> order;
    for (const auto index : tuf::tuf_v1().search_order(chain.delegations(), "missing")) {
      order.push_back(chain.delegations().grants()[index].role);
    }
    auto expected = row.order;
    expected.insert(expected.begin(), "targets");
    CHECK(order == expected);
  }
}

TEST_CASE("a role names a target only where every delegation on the way matches") {
  auto repository = bare_repository();
  grow(repository, "targets", "B", {"releases/*/*"});
  grow(repository, "B", "C", {"releases/x/*"}, false, "releases/x/x_v1");
  grow(repository, "B", "D", {"releases/y/*.zip"}, false, "releases/z/z_v1.zip");
  grow(repository, "D", "E", {"*", "*/*", "*/*/*"}, false, "elsewhere");
  repository.put("E", "releases/y/e.zip", "by E");
  const auto chain = proven(repository);
  CHECK(chain.find("releases/x/x_v1").role == "C");
  CHECK(chain.find("releases/y/e.zip").role == "E");
  for (const auto* name : {"releases/z/z_v1.zip", "elsewhere", "releases/X/x_v1"}) {
    CHECK(error_of([&] { chain.find(name); }) == ErrorCode::target_missing);
  }
}

TEST_CASE("hash prefixes delegate") {
  auto repository = bare_repository();
  const auto key = test::publish_v1(TestKey::generate(TestKind::ed25519));
  const std::string hash = digest::sha256(base::as_bytes("file")).hex();
  repository.delegate_hashes("targets", "A", {{key}, 1}, {hash.substr(0, 3), "0000"});
  repository.add_targets("A", 1, {key});
  repository.put("A", "file", "content");
  repository.put("A", "other", "content");
  const auto chain = proven(repository);
  CHECK(chain.find("file").role == "A");
  CHECK(error_of([&] { chain.find("other"); }) == ErrorCode::target_missing);
}

TEST_CASE("bins hold what their numbers say, and one that is missing fails only when it is asked") {
  for (const unsigned bits : {1U, 3U, 4U, 10U, 32U}) {
    auto repository = bare_repository();
    const auto key = test::publish_v1(TestKey::generate(TestKind::ed25519));
    repository.delegate_bins("targets", "bin", bits, {{key}, 1});
    const std::string hash = digest::sha256(base::as_bytes("file")).hex();
    const std::size_t digits = (bits + 3) / 4;
    const std::uint64_t number = std::stoull(hash.substr(0, 8), nullptr, 16) >> (32 - bits);
    char name[32];
    std::snprintf(name, sizeof name, "bin-%0*llx", static_cast<int>(digits), static_cast<unsigned long long>(number));
    CAPTURE(bits, name);
    repository.add_targets(name, 1, {key});
    repository.put(name, "file", "content");
    const auto chain = proven(repository);
    CHECK(chain.find("file").role == name);
    CHECK(chain.roles().back().name == name);
    std::string other = "x";
    const auto bin = [&](const std::string& path) {
      return std::stoull(digest::sha256(base::as_bytes(path)).hex().substr(0, 8), nullptr, 16) >> (32 - bits);
    };
    while (bin(other) == number) other += "x";
    CHECK(error_of([&] { chain.find(other); }) == ErrorCode::chain_incomplete);
    CHECK(tuf::inspect_chain(repository.build(), tuf::tuf_v1()).delegations.front().role == "bin-*");
    auto stranger = repository;
    stranger.targets.at(name).signers = {stranger.keys.at("stranger")};
    CHECK(refusal(stranger) == ErrorCode::threshold_unmet);
  }
}

TEST_CASE("a role that two roles delegate to is proven by the keys of both (python-tuf #2977)") {
  auto repository = bare_repository();
  grow(repository, "targets", "A", {"*"});
  grow(repository, "targets", "B", {"*"});
  grow(repository, "A", "C", {"*"});
  grow(repository, "B", "C", {"*"});
  CHECK(refusal(repository) == std::nullopt);
  repository.targets.at("C").signers.pop_back();
  CHECK(refusal(repository) == ErrorCode::threshold_unmet);
}

TEST_CASE("a delegated role that the snapshot does not list fails when it is asked (go-tuf #652)") {
  auto repository = TufRepository::standard();
  repository.targets.erase("releases");
  const auto chain = proven(repository);
  CHECK(chain.find("base").role == "targets");
  CHECK(error_of([&] { chain.find("app/1.0"); }) == ErrorCode::chain_incomplete);
}
