// The client workflow, as the cases of the TUF conformance suite describe it.
#include "gapstow/tuf/updater.h"

#include <catch2/catch.hpp>

#include "support/tuf_scene.h"

using namespace gapstow;
using base::ErrorCode;
using json::Value;
using test::error_of;
using test::Names;
using test::Scene;
using test::TestKey;
using test::TestKind;
using test::TestRole;
using test::TufRepository;

TEST_CASE("a first refresh asks for each file once and stores what was served") {
  Scene scene;
  CHECK(scene.refresh() == std::nullopt);
  CHECK(scene.requests == Names{"2.root.json", "3.root.json", "timestamp.json", "5.snapshot.json", "3.targets.json"});
  const auto files = scene.repository.build();
  CHECK(scene.store.files == std::map<std::string, base::Bytes>{{"root", files.roots.at(2)},
                                                                {"timestamp", files.timestamp},
                                                                {"snapshot", files.snapshot},
                                                                {"targets", files.targets.at("targets")}});
  CHECK(scene.refresh() == std::nullopt);
  CHECK(scene.requests == Names{"3.root.json", "timestamp.json"});
}

TEST_CASE("names without versions where snapshots are not consistent") {
  Scene scene;
  scene.repository.roots.at(2).body.set("consistent_snapshot", Value(false));
  const auto files = scene.repository.build();
  scene.replaced = {{"snapshot.json", files.snapshot}, {"targets.json", files.targets.at("targets")}};
  CHECK(scene.refresh() == std::nullopt);
  CHECK(scene.requests == Names{"2.root.json", "3.root.json", "timestamp.json", "snapshot.json", "targets.json"});
}

TEST_CASE("a trusted root must be sound before anything is asked") {
  test::MapStore store;
  auto repository = TufRepository::standard();
  test::MapFetcher fetcher({});
  CHECK(error_of([&] { tuf::Updater(fetcher, store, test::kWhen).refresh(); }) == ErrorCode::not_found);
  auto unsigned_root = repository;
  unsigned_root.roots.at(1).signers.clear();
  auto broken = repository;
  broken.roots.at(1).edit_body.push_back([](json::Object& body) { test::erase(body, {"version"}); });
  for (const auto& [bad, code] :
       {std::pair(&unsigned_root, ErrorCode::threshold_unmet), std::pair(&broken, ErrorCode::malformed)}) {
    const auto root = bad->build().roots.at(1);
    CHECK(error_of([&] { tuf::Updater::init(store, root); }) == code);
    CHECK(store.files.empty());
    store.files["root"] = root;
    CHECK(error_of([&] { tuf::Updater(fetcher, store, test::kWhen).refresh(); }) == code);
    CHECK(fetcher.requests.empty());
    store.files.clear();
  }
}

TEST_CASE("a file that is not served ends the update, and only a root may be absent") {
  for (const auto* file : {"timestamp.json", "5.snapshot.json", "3.targets.json"}) {
    Scene scene;
    scene.gone = {file};
    CHECK(scene.refresh() == ErrorCode::chain_incomplete);
    CHECK(scene.requests.back() == file);
  }
}

TEST_CASE("each kind of metadata must be signed") {
  for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) {
    Scene scene;
    scene.repository.draft(role).signers.clear();
    CAPTURE(role);
    CHECK(scene.refresh() == ErrorCode::threshold_unmet);
    CHECK(scene.store.files.contains(role) == (std::string(role) == "root"));
    CHECK(scene.version("root") == (std::string(role) == "root" ? 1 : 2));
  }
}

TEST_CASE("an expired root is stored, and the update ends there") {
  Scene scene;
  CHECK(scene.refresh() == std::nullopt);
  scene.add_root();
  scene.expire("root");
  scene.repository.publish_again("targets");
  CHECK(scene.refresh() == ErrorCode::expired);
  CHECK(scene.version("root") == 3);
  CHECK(scene.version("timestamp") == 5);
  scene.add_root();
  CHECK(scene.refresh() == std::nullopt);  // an expired root on the way does no harm
  CHECK(scene.version("root") == 4);
  CHECK(scene.version("timestamp") == 6);
}

TEST_CASE("expired files are not stored") {
  for (const std::string role : {"timestamp", "snapshot", "targets"}) {
    Scene scene;
    CHECK(scene.refresh() == std::nullopt);
    const auto before = scene.version(role);
    scene.expire(role);
    scene.repository.publish_again("targets");
    CAPTURE(role);
    CHECK(scene.refresh() == ErrorCode::expired);
    CHECK(scene.version(role) == before);
    CHECK(scene.version("timestamp") == (role == "timestamp" ? 5 : 6));
  }
}

TEST_CASE("an instant that is the expiry itself is too late") {
  Scene scene;
  scene.now = base::parse_time("2099-01-02T03:04:05Z");
  CHECK(scene.refresh() == ErrorCode::expired);
  scene.now = scene.now.plus_seconds(-1);
  CHECK(scene.refresh() == std::nullopt);
}

TEST_CASE("expired files of earlier updates still say which versions were seen") {
  Scene scene;
  scene.repository.timestamp.body.set("expires", Value("2026-12-01T00:00:00Z"));
  CHECK(scene.refresh() == std::nullopt);
  scene.now = base::parse_time("2027-01-01T00:00:00Z");
  CHECK(scene.refresh() == ErrorCode::expired);
  scene.repository.timestamp.body.set("expires", Value("2028-01-01T00:00:00Z"));
  scene.set_version("timestamp", 4);
  CHECK(scene.refresh() == ErrorCode::rollback);
  scene.set_version("timestamp", 6);
  CHECK(scene.refresh() == std::nullopt);
}

TEST_CASE("a timestamp of the same version with other content is passed over") {
  Scene scene;
  CHECK(scene.refresh() == std::nullopt);
  const auto before = scene.store.files;
  scene.repository.timestamp.body.set("x-note", Value("other"));
  scene.set_version("snapshot", 100);
  CHECK(scene.refresh() == std::nullopt);
  CHECK(scene.store.files == before);
}

TEST_CASE("rollbacks are refused") {
  Scene scene;
  scene.repository.with_hashes = GENERATE(false, true);
  CHECK(scene.refresh() == std::nullopt);
  SECTION("of the timestamp") {
    scene.set_version("timestamp", 4);
    CHECK(scene.refresh() == ErrorCode::rollback);
    CHECK(scene.version("timestamp") == 5);
  }
  SECTION("of the snapshot that the timestamp names") {
    scene.set_version("timestamp", 6);
    scene.set_version("snapshot", 4);
    CHECK(scene.refresh() == ErrorCode::rollback);
    CHECK(scene.requests.back() == "timestamp.json");
    CHECK(scene.version("timestamp") == 5);
  }
  SECTION("of targets") {
    scene.repository.publish_again("snapshot");
    scene.set_version("targets", 2);
    CHECK(scene.refresh() == ErrorCode::rollback);
    CHECK(scene.version("snapshot") == 5);
  }
  SECTION("of a delegated role (tough CVE-2025-2887)") {
    scene.repository.publish_again("snapshot");
    scene.set_version("alice", 2);
    CHECK(scene.refresh() == ErrorCode::rollback);
  }
  SECTION("by taking a role out of the snapshot") {
    scene.repository.publish_again("snapshot");
    scene.repository.targets.erase("alice");
    CHECK(scene.refresh() == ErrorCode::rollback);
    CHECK(scene.version("snapshot") == 5);
  }
}

TEST_CASE("the snapshot must be the one that the timestamp names") {
  Scene scene;
  scene.repository.with_hashes = false;
  const auto good = scene.repository.build();
  scene.set_version("snapshot", 6);
  scene.replaced["timestamp.json"] = good.timestamp;
  scene.replaced["5.snapshot.json"] = scene.repository.build().snapshot;
  CHECK(scene.refresh() == ErrorCode::role_invalid);
  CHECK(scene.version("timestamp") == 5);
  CHECK_FALSE(scene.store.files.contains("snapshot"));
}

TEST_CASE("hashes of metadata are checked, as a length is a limit for what is fetched") {
  Scene scene;
  scene.replaced["5.snapshot.json"] = scene.repository.build().snapshot;
  scene.replaced["5.snapshot.json"].back() = std::byte{' '};
  CHECK(scene.refresh() == ErrorCode::digest_mismatch);
  scene.replaced["5.snapshot.json"].push_back(std::byte{' '});
  CHECK(scene.refresh() == ErrorCode::limit_exceeded);
}

TEST_CASE("the version in a file's name is the one in the file") {
  Scene scene;
  scene.repository.with_hashes = false;
  const auto good = scene.repository.build();
  scene.replaced = {{"5.snapshot.json", good.snapshot}, {"timestamp.json", good.timestamp}};
  scene.set_version("targets", 4);
  scene.replaced["3.targets.json"] = scene.repository.build().targets.at("targets");
  CHECK(scene.refresh() == ErrorCode::role_invalid);
  CHECK_FALSE(scene.store.files.contains("targets"));
}

TEST_CASE("a file of another type is refused") {
  for (const auto* file : {"2.root.json", "timestamp.json", "5.snapshot.json", "3.targets.json"}) {
    Scene scene;
    scene.repository.with_hashes = false;
    const auto files = scene.repository.build();
    const bool is_targets = std::string(file) == "3.targets.json";
    scene.replaced[file] = is_targets ? files.snapshot : files.targets.at("targets");
    CAPTURE(file);
    CHECK(scene.refresh() == ErrorCode::role_invalid);
  }
}

TEST_CASE("targets that changed after the snapshot are refused") {
  Scene scene;
  scene.rotate("targets");  // to a key whose signatures have one length
  CHECK(scene.refresh() == std::nullopt);
  scene.repository.publish_again("targets");
  const auto served = scene.repository.served();
  scene.repository.put("targets", "base", "by the other");
  scene.replaced = served;
  scene.replaced["4.targets.json"] = scene.repository.build().targets.at("targets");
  CHECK(scene.refresh() == ErrorCode::digest_mismatch);
  CHECK(scene.version("targets") == 3);
  CHECK(scene.version("snapshot") == 6);
}

TEST_CASE("unknown fields are part of what is signed, and of nothing else") {
  Scene scene;
  const std::string id = scene.repository.keys.at("root").id;
  scene.repository.roots.at(2).edit_body.push_back([=](json::Object& body) {
    test::set(body, {"keys", id, "keyid_hash_algorithms"}, Value(json::Array{Value("md5")}));
    test::set(body, {"keys", id, "extra-field"}, Value(json::Object{{"a", Value(1)}}));
    test::set(body, {"roles", "root", "another-field"}, Value("value"));
  });
  CHECK(scene.refresh() == std::nullopt);
  CHECK(scene.version("root") == 2);
}

TEST_CASE("keys of the other roles rotate") {
  const auto key = [] { return test::publish_v1(TestKey::generate(TestKind::ed25519)); };
  const std::vector<test::PublishedKey> pool{key(), key(), key()};
  struct Row {
    const char* what;
    std::vector<std::size_t> keys;
    unsigned threshold;
    std::vector<std::size_t> signers;
    bool good;
  };
  const Row rows[] = {
      {"another key", {1}, 1, {1}, true},
      {"another key, signed by the old one", {1}, 1, {0}, false},
      {"another key, signed by both", {1}, 1, {0, 1}, true},
      {"two of three", {0, 1, 2}, 2, {0, 2}, true},
      {"one of three where two must be", {0, 1, 2}, 2, {1}, false},
      {"one of three", {0, 1, 2}, 1, {2}, true},
      {"the same key again", {0}, 1, {0}, true},
  };
  for (const std::string role : {"timestamp", "snapshot", "targets"}) {
    for (const auto& row : rows) {
      Scene scene;
      scene.repository.keys.at(role) = pool[0];
      scene.repository.roots.erase(2);
      scene.add_root([&](auto& roles) { roles[role] = {{pool[0]}, 1}; });
      scene.repository.draft(role).signers = {pool[0]};
      REQUIRE(scene.refresh() == std::nullopt);
      scene.add_root([&](auto& roles) {
        roles[role] = {{}, row.threshold};
        for (const auto i : row.keys) roles[role].keys.push_back(pool[i]);
      });
      scene.repository.publish_again("targets");
      scene.repository.draft(role).signers.clear();
      for (const auto i : row.signers) scene.repository.draft(role).signers.push_back(pool[i]);
      CAPTURE(role, row.what);
      CHECK(scene.refresh() == (row.good ? std::nullopt : std::optional(ErrorCode::threshold_unmet)));
      CHECK(scene.version("root") == 3);
    }
  }
}

TEST_CASE("new keys of timestamp or snapshot make up for versions that were too high") {
  Scene scene;
  SECTION("of the timestamp") {
    scene.set_version("timestamp", 99999);
    CHECK(scene.refresh() == std::nullopt);
    scene.rotate("timestamp");
    scene.set_version("timestamp", 1);
    CHECK(scene.refresh() == std::nullopt);
    CHECK(scene.version("timestamp") == 1);
  }
  SECTION("of the snapshot") {
    scene.set_version("snapshot", 99999);
    CHECK(scene.refresh() == std::nullopt);
    scene.rotate("snapshot");
    scene.set_version("snapshot", 1);
    scene.set_version("timestamp", 6);
    CHECK(scene.refresh() == std::nullopt);
    CHECK(scene.version("snapshot") == 1);
  }
  SECTION("of targets") {
    scene.set_version("targets", 99999);
    CHECK(scene.refresh() == std::nullopt);
    scene.rotate("snapshot");
    scene.set_version("targets", 1);
    scene.repository.publish_again("snapshot");
    CHECK(scene.refresh() == std::nullopt);
    CHECK(scene.version("targets") == 1);
  }
  SECTION("a further key does not") {
    scene.set_version("timestamp", 99999);
    CHECK(scene.refresh() == std::nullopt);
    scene.add_root([&](auto& roles) { roles["timestamp"].keys.push_back(scene.repository.keys.at("stranger")); });
    scene.set_version("timestamp", 1);
    CHECK(scene.refresh() == ErrorCode::rollback);
  }
  SECTION("keys of other roles do not") {
    scene.set_version("timestamp", 99999);
    CHECK(scene.refresh() == std::nullopt);
    scene.rotate("targets");
    scene.set_version("timestamp", 1);
    CHECK(scene.refresh() == ErrorCode::rollback);
  }
}

TEST_CASE("roots follow one another by both quorums") {
  const auto key = [] { return test::publish_v1(TestKey::generate(TestKind::ed25519)); };
  struct Row {
    const char* what;
    std::vector<int> keys;
    unsigned threshold;
    std::vector<int> signers;
    bool good;
  };
  const std::vector<test::PublishedKey> pool{key(), key(), key(), key(), key(), key()};
  // The trusted root has keys 0, 1 and 2 with threshold 2.
  const Row rows[] = {
      {"the same keys", {0, 1, 2}, 2, {0, 1}, true},
      {"a key less, and a stray signature", {0, 1}, 2, {0, 1, 5}, true},
      {"one key rotated", {0, 1, 3}, 2, {0, 1}, true},
      {"all keys rotated", {3, 4, 5}, 2, {0, 1, 3, 4}, true},
      {"threshold raised", {0, 1, 2}, 3, {0, 1, 2}, true},
      {"threshold lowered", {0, 1, 2}, 1, {0, 1}, true},
      {"the old quorum is missing", {3, 4, 5}, 2, {0, 3, 4, 5}, false},
      {"the new quorum is missing", {3, 4, 5}, 2, {0, 1, 2, 3}, false},
      {"threshold raised without the new quorum", {0, 1, 2}, 3, {0, 1}, false},
      {"threshold lowered without the old quorum", {0, 1, 2}, 1, {0}, false},
      {"a threshold that nobody can meet", {0, 1}, 3, {0, 1, 2}, false},
  };
  for (const auto& row : rows) {
    const auto pick = [&](const std::vector<int>& which) {
      std::vector<test::PublishedKey> keys;
      for (const int i : which) keys.push_back(pool.at(static_cast<std::size_t>(i)));
      return keys;
    };
    auto repository = TufRepository::standard();
    auto roles = repository.top_roles();
    roles["root"] = {pick({0, 1, 2}), 2};
    repository.roots.clear();
    repository.add_root(1, roles);
    roles["root"] = {pick(row.keys), row.threshold};
    repository.add_root(2, roles).signers = pick(row.signers);
    test::MapStore store;
    tuf::Updater::init(store, repository.build().roots.at(1));
    test::MapFetcher fetcher(repository.served());
    tuf::Updater updater(fetcher, store, test::kWhen);
    CAPTURE(row.what);
    CHECK(error_of([&] { updater.refresh(); }) ==
          (row.good ? std::nullopt : std::optional(ErrorCode::threshold_unmet)));
    CHECK(tuf::tuf_v1().parse_root(store.files.at("root")).body.version == (row.good ? 2 : 1));
  }
}

TEST_CASE("a root of a version beyond the next is refused (tough CVE-2025-2885)") {
  Scene scene;
  scene.add_root();
  scene.replaced["2.root.json"] = scene.repository.build().roots.at(3);
  CHECK(scene.refresh() == ErrorCode::role_invalid);
  CHECK(scene.version("root") == 1);
}

TEST_CASE("a root may ask more of another role than its keys can give; then that role fails") {
  Scene scene;
  scene.add_root([](auto& roles) { roles["snapshot"].threshold = 3; });
  CHECK(scene.refresh() == ErrorCode::threshold_unmet);
  CHECK(scene.version("root") == 3);
  scene.add_root();
  CHECK(scene.refresh() == std::nullopt);
  CHECK(scene.version("root") == 4);
}
