// The client workflow, as the cases of the TUF conformance suite describe it.
#include "gapstow/tuf/updater.h"

#include <catch2/catch.hpp>

#include "support/tuf_updates.h"
#include "support/tuf_v1_repository.h"
#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using json::Value;
using test::error_of;
using test::TestKey;
using test::TestKind;
using test::TestRole;
using test::TufRepository;

namespace {

using Names = std::vector<std::string>;

/// A repository, a client that starts with its first root, and what they say to each other.
struct Scene {
  Scene() : repository(TufRepository::standard()) { tuf::Updater::init(store, repository.build().roots.at(1)); }

  std::optional<ErrorCode> refresh() {
    return update([](tuf::Updater& updater) { updater.refresh(); });
  }
  std::optional<ErrorCode> find(const std::string& name) {
    return update([&](tuf::Updater& updater) { role = updater.find(name).role; });
  }
  std::uint64_t version(const std::string& name) const {
    const auto& raw = store.files.at(name);
    const auto& dialect = tuf::tuf_v1();
    if (name == "root") return dialect.parse_root(raw).body.version;
    if (name == "timestamp") return dialect.parse_timestamp(raw).body.version;
    if (name == "snapshot") return dialect.parse_snapshot(raw).body.version;
    return dialect.parse_targets(raw, name).body.version;
  }
  /// A further root by the same root key, after `change`.
  void add_root(const std::function<void(std::map<std::string, TestRole>&)>& change = {}) {
    auto roles = repository.top_roles();
    if (change) change(roles);
    const auto last = repository.roots.rbegin()->first;
    repository.add_root(last + 1, roles);
  }
  /// Gives a top role a new key and publishes a root that says so.
  void rotate(const std::string& name) {
    repository.keys.at(name) = test::publish_v1(TestKey::generate(TestKind::ed25519));
    const auto last = repository.roots.rbegin()->first;
    repository.add_root(last + 1, repository.top_roles());
    repository.draft(name).signers = {repository.keys.at(name)};
  }
  void set_version(const std::string& name, std::uint64_t version) {
    repository.draft(name).body.set("version", Value(version));
  }
  void expire(const std::string& name) { repository.draft(name).body.set("expires", Value("2026-01-01T00:00:00Z")); }

  template <typename Use>
  std::optional<ErrorCode> update(const Use& use) {
    test::MapFetcher fetcher(repository.served());
    for (const auto& file : gone) fetcher.files.erase(file);
    for (const auto& [file, raw] : replaced) fetcher.files[file] = raw;
    tuf::Updater updater(fetcher, store, now);
    const auto code = error_of([&] { use(updater); });
    requests = fetcher.requests;
    return code;
  }

  TufRepository repository;
  test::MapStore store;
  base::Time now = test::kWhen;
  Names gone;
  std::map<std::string, base::Bytes> replaced;
  Names requests;
  std::string role;
};

}  // namespace

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
    CHECK(updater.file_of(found) == "app/" + digest::sha256(base::as_bytes("one")).hex() + ".1.0");
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
