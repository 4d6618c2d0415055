// The search for a target as a client makes it, and what it does with the target.
#include <catch2/catch.hpp>

#include "gapstow/tuf/updater.h"
#include "support/tuf_scene.h"
#include "support/tuf_v1_graphs.h"

using namespace gapstow;
using base::ErrorCode;
using json::Value;
using test::error_of;
using test::Names;
using test::Scene;

TEST_CASE("targets are searched with what is fetched on the way") {
  Scene scene;
  CHECK(scene.find("nonexistent") == ErrorCode::target_missing);  // refreshes, asks "alice" ("*") only
  CHECK(scene.requests.back() == "4.alice.json");
  CHECK(scene.find("app/1.0") == std::nullopt);
  CHECK(scene.role == "releases");
  CHECK(scene.requests == Names{"3.root.json", "timestamp.json", "4.releases.json"});
  CHECK(scene.find("app/draft") == ErrorCode::target_missing);
  CHECK(scene.find("base") == std::nullopt);
  CHECK(scene.role == "targets");
  CHECK(scene.requests == Names{"3.root.json", "timestamp.json"});
}

TEST_CASE("the search asks roles in pre-order, each once") {
  for (const auto& row : test::delegation_graphs()) {
    Scene scene;
    auto repository = test::bare_repository();
    for (const auto& edge : row.edges) test::grow(repository, edge.from, edge.to, {edge.path}, edge.terminating);
    scene.repository = repository;
    scene.store.files["root"] = repository.build().roots.at(1);
    CHECK(scene.find("missing") == ErrorCode::target_missing);
    Names expected{"2.root.json", "3.root.json", "timestamp.json", "5.snapshot.json", "1.targets.json"};
    for (const auto& role : row.order) expected.push_back("1." + role + ".json");
    CHECK(scene.requests == expected);
  }
}

TEST_CASE("a role that two roles delegate to is verified by the keys of the one that leads to it") {
  Scene scene;
  scene.repository = test::bare_repository();
  test::grow(scene.repository, "targets", "A", {"a"});
  test::grow(scene.repository, "targets", "B", {"b"});
  test::grow(scene.repository, "A", "C", {"*"}, false, "a");
  test::grow(scene.repository, "B", "C", {"*"}, false, "b");
  scene.repository.targets.at("C").signers.pop_back();  // of B's key
  scene.store.files["root"] = scene.repository.build().roots.at(1);
  const auto used = scene.update([](tuf::Updater& updater) {
    CHECK(updater.find("a").role == "C");
    CHECK(error_of([&] { updater.find("b"); }) == ErrorCode::threshold_unmet);
    CHECK(updater.find("a").role == "C");
  });
  CHECK(used == std::nullopt);
}

TEST_CASE("what the keys of one delegation signed does not speak by the leave of another") {
  Scene scene;
  scene.repository = test::bare_repository();
  scene.repository.with_hashes = false;  // so that only versions tie files to the snapshot
  test::grow(scene.repository, "targets", "A", {"a"});
  test::grow(scene.repository, "targets", "B", {"b"});
  test::grow(scene.repository, "A", "C", {"*"}, false, "a");
  test::grow(scene.repository, "B", "C", {"*"}, false, "b");
  auto good = scene.repository;
  good.targets.at("C").signers.erase(good.targets.at("C").signers.begin());
  auto& evil = scene.repository.targets.at("C");
  evil.signers.pop_back();
  scene.repository.put("C", "b", "not by B's leave");
  scene.store.files["root"] = scene.repository.build().roots.at(1);
  test::MapFetcher fetcher(scene.repository.served());
  tuf::Updater updater(fetcher, scene.store, scene.now);
  CHECK(updater.find("a").role == "C");
  fetcher.files["1.C.json"] = good.build().targets.at("C");
  CHECK(error_of([&] { updater.find("b"); }) == ErrorCode::equivocation);
}

TEST_CASE("a delegated role must be listed, sound and current") {
  Scene scene;
  SECTION("listed") {
    scene.repository.targets.erase("releases");
    CHECK(scene.find("app/1.0") == ErrorCode::chain_incomplete);
  }
  SECTION("served") {
    scene.gone = {"4.releases.json"};
    CHECK(scene.find("app/1.0") == ErrorCode::chain_incomplete);
  }
  SECTION("signed") {
    scene.repository.draft("releases").signers = {scene.repository.keys.at("stranger")};
    CHECK(scene.find("app/1.0") == ErrorCode::threshold_unmet);
  }
  SECTION("current (tough CVE-2026-6967)") {
    scene.expire("releases");
    CHECK(scene.find("app/1.0") == ErrorCode::expired);
  }
  CHECK_FALSE(scene.store.files.contains("releases"));
}

TEST_CASE("a stored role is verified by the keys of today") {
  Scene scene;
  CHECK(scene.find("note") == std::nullopt);
  scene.repository.add_targets("targets", 3, {scene.repository.keys.at("targets")});
  scene.repository.delegate("targets", "alice", {{scene.repository.keys.at("stranger")}, 1}, {"*"});
  scene.repository.targets.erase("releases");
  scene.store.remove("snapshot");
  scene.repository.publish_again("targets");
  CHECK(scene.find("note") == ErrorCode::threshold_unmet);
}

TEST_CASE("names of roles become one part of a path each") {
  for (const auto& [role, file] :
       {std::pair("?", "%3F"), std::pair("#", "%23"), std::pair("/delegatedrole", "%2Fdelegatedrole"),
        std::pair("../delegatedrole", "..%2Fdelegatedrole"), std::pair("a b%c", "a%20b%25c")}) {
    Scene scene;
    const auto key = scene.repository.keys.at("delegation");
    scene.repository.add_targets("targets", 3, {scene.repository.keys.at("targets")});
    scene.repository.delegate("targets", role, {{key}, 1}, {"*"});
    scene.repository.add_targets(role, 1, {key});
    scene.repository.put(role, "x", "y");
    scene.replaced["1." + std::string(file) + ".json"] = scene.repository.build().targets.at(role);
    CHECK(scene.find("x") == std::nullopt);
    CHECK(scene.role == role);
  }
}

TEST_CASE("bins are fetched one at a time") {
  Scene scene;
  const auto key = scene.repository.keys.at("delegation");
  scene.repository.add_targets("targets", 3, {scene.repository.keys.at("targets")});
  scene.repository.delegate_bins("targets", "bin", 1, {{key}, 1});
  for (const auto* bin : {"bin-0", "bin-1"}) scene.repository.add_targets(bin, 1, {key});
  const bool is_high = digest::sha256(base::as_bytes("x")).hex().front() >= '8';
  const std::string bin = is_high ? "bin-1" : "bin-0";
  scene.repository.put(bin, "x", "y");
  CHECK(scene.find("x") == std::nullopt);
  CHECK(scene.role == bin);
  CHECK(scene.requests.back() == "1." + bin + ".json");
}

TEST_CASE("one search asks no more roles than the limit") {
  Scene scene;
  const auto key = scene.repository.keys.at("delegation");
  scene.repository.add_targets("targets", 3, {scene.repository.keys.at("targets")});
  for (std::size_t i = 0; i < tuf::kMaxVisitedRoles + 1; ++i) {
    const std::string role = "r" + std::to_string(i);
    scene.repository.delegate("targets", role, {{key}, 1}, {"*"});
    scene.repository.add_targets(role, 1, {key});
  }
  scene.repository.put("r" + std::to_string(tuf::kMaxVisitedRoles - 1), "last", "y");
  scene.repository.put("r" + std::to_string(tuf::kMaxVisitedRoles), "beyond", "y");
  CHECK(scene.find("last") == std::nullopt);
  CHECK(scene.find("beyond") == ErrorCode::limit_exceeded);
}

TEST_CASE("targets are what their entries say") {
  Scene scene;
  const auto used = scene.update([](tuf::Updater& updater) {
    const auto found = updater.find("app/1.0");
    CHECK(updater.files_of(found).front() == "app/" + digest::sha256(base::as_bytes("one")).hex() + ".1.0");
    CHECK_NOTHROW(tuf::check_target_bytes(found, base::as_bytes("one")));
    for (const auto* other : {"", "on", "ones", "two"}) {
      CHECK(error_of([&] { tuf::check_target_bytes(found, base::as_bytes(other)); }) == ErrorCode::digest_mismatch);
    }
    CHECK(updater.trusted().has_value());
  });
  CHECK(used == std::nullopt);
}

TEST_CASE("targets without a hash that is known are refused (go-tuf #721)") {
  for (const auto& hashes : {json::Object{}, json::Object{{"md5", Value("00")}}}) {
    Scene scene;
    scene.repository.draft("targets").edit_body.push_back(
        [=](json::Object& body) { test::set(body, {"targets", "base", "hashes"}, Value(hashes)); });
    CHECK(scene.find("base") == ErrorCode::role_invalid);
  }
}

TEST_CASE("damaged files of the store are as good as none, but for the root") {
  Scene scene;
  CHECK(scene.find("note") == std::nullopt);
  const auto good = scene.store.files;
  for (const auto* role : {"timestamp", "snapshot", "targets", "alice"}) {
    scene.store.files[role] = base::to_bytes("{");
    CHECK(scene.find("note") == std::nullopt);
    CHECK(scene.store.files == good);
  }
  scene.store.files["root"] = base::to_bytes("{");
  CHECK(scene.refresh() == ErrorCode::malformed);
}
