// Plain TUF repositories: images whose manifests are targets, and whole repositories with their target files.
#include <catch2/catch.hpp>
#include <filesystem>

#include "gapstow/base/atomic_file.h"
#include "gapstow/transfer/verify_chain.h"
#include "gapstow/tuf/served.h"
#include "gapstow/tuf/updater.h"
#include "support/error_of.h"
#include "support/transfer_lab.h"
#include "support/tuf_updates.h"
#include "support/tuf_v1_repository.h"

namespace gapstow::test {
namespace {

/// Packed once: a layer that is packed a second later has other bytes.
const std::string& other_manifest() {
  static const std::string manifest = make_image("other").manifest;
  return manifest;
}

using base::ErrorCode;

const std::string kGun = "near.test/team/app";
const std::string kName = "tuf.test/repo";

trust::RootEntry root_entry(const std::string& pattern, base::ByteView root) {
  return {trust::Pattern::parse(pattern), trust::RootEntry::Kind::root, std::string(base::as_text(root))};
}

/// A lab with one TUF repository in a folder, pinned for everything, and one image in a registry.
struct TufLab : Lab {
  TufLab() {
    near.push("team/app", "1.0", image);
    repository.put("releases", "app/1.0", "one");
    repository.add_targets("images", 1, {repository.keys.at("delegation")});
    repository.delegate("targets", "images", {{repository.keys.at("delegation")}, 1}, {"near.test/team/*"});
    repository.put("images", kGun + ":1.0", image.manifest);
    repository.put("images", kGun + ":other", other_manifest());
    repository.put("targets", "app.json", image.manifest);
    store.roots.push_back(root_entry("*", repository.build().roots.at(1)));
    write();
  }

  /// As a server publishes it.
  void write() {
    for (const auto& [name, raw] : repository.served()) put_file("served/metadata/" + name, raw);
    for (const auto& [name, content] : contents) {
      const auto dot = name.rfind('/') + 1;
      const std::string hash = digest::sha256(base::as_bytes(content)).hex();
      put_file("served/targets/" + name.substr(0, dot) + hash + "." + name.substr(dot), base::as_bytes(content));
    }
  }
  void put_file(const std::string& path, base::ByteView raw) {
    const std::filesystem::path full(folder / path);
    std::filesystem::create_directories(full.parent_path());
    base::write_file(fs, full, raw);
  }

  std::shared_ptr<transfer::ChainSource> source() {
    return transfer::open_chain_source(fs, "tuf:" + (folder / "served"), nullptr);
  }
  transfer::PackRequest image_request(const std::string& name = kGun + ":1.0") {
    auto made = request(near.location("team/app:1.0"), name);
    made.chains = {source()};
    return made;
  }
  transfer::PackRequest whole_request() {
    auto made = request();
    made.chains = {source()};
    made.guns = {kName};
    made.target_files = true;
    return made;
  }
  transfer::Outcome restore(const std::string& to, const std::string& reason = {}) {
    base::MemorySource none({});
    const auto input = transfer::open_bundle(fs, {bundle}, none);
    return transfer::import_repositories(*input, {store, {}, std::nullopt, reason}, folder / to, state_path, around());
  }
  /// What a client finds that starts with the first root.
  std::optional<std::string> client_finds(const std::string& place, const std::string& name);

  LabRegistry near;
  MadeImage image = make_image("first");
  TufRepository repository = TufRepository::standard();
  std::map<std::string, std::string> contents{{"base", "by the owner"},
                                              {"app/1.0", "one"},
                                              {"note", "a note"},
                                              {"app.json", image.manifest},
                                              {kGun + ":1.0", image.manifest},
                                              {kGun + ":other", other_manifest()}};
};

std::optional<std::string> TufLab::client_finds(const std::string& place, const std::string& name) {
  class FolderFetcher final : public tuf::MetadataFetcher {
   public:
    FolderFetcher(base::ReadFs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {}
    std::optional<base::Bytes> fetch(const std::string& file, std::uint64_t limit) override {
      const std::string path = folder_ + "/" + file;
      if (!fs_.status(path)) return std::nullopt;
      return base::read_file(fs_, path, limit);
    }

   private:
    base::ReadFs& fs_;
    std::string folder_;
  };
  FolderFetcher fetcher(fs, folder / (place + "/metadata"));
  MapStore kept;
  tuf::Updater::init(kept, repository.build().roots.at(1));
  tuf::Updater updater(fetcher, kept, clock.now());
  const auto found = updater.find(name);
  for (const auto& file : updater.files_of(found)) {
    const std::string path = folder / (place + "/targets/" + file);
    if (!fs.status(path)) continue;
    const auto bytes = base::read_file(fs, path, 1 << 20);
    tuf::check_target_bytes(found, bytes);
    return std::string(base::as_text(bytes));
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("an image is proven by the target that has its reference as name") {
  TufLab lab;
  const auto packed = lab.pack(lab.image_request());
  REQUIRE(packed.bundle.images.size() == 1);
  CHECK(packed.bundle.chains[0].dialect == "tuf-1.0");
  CHECK(packed.bundle.chains[0].source == "tuf");
  const auto outcome = lab.verify();
  REQUIRE_FALSE(outcome.refusal());
  REQUIRE(outcome.images.size() == 1);
  CHECK(outcome.images[0].record.reference == kGun + ":1.0");
  CHECK(outcome.images[0].target->role == "images");
  CHECK_FALSE(outcome.images[0].named_by_seal);

  LabRegistry far;
  CHECK_FALSE(lab.import(far).refusal());
  CHECK(far.tag("team/app", "1.0") == digest_of(lab.image.manifest).text());
}

TEST_CASE("another manifest than the one that is signed is not packed") {
  TufLab lab;
  REQUIRE_ERROR(target_mismatch, lab.pack(lab.image_request(kGun + ":other")));
  REQUIRE_ERROR(target_missing, lab.pack(lab.image_request(kGun + ":2.0")));
  REQUIRE_ERROR(target_missing, lab.pack(lab.image_request("near.test/team/app2:1.0")));
  CHECK(lab.fs.list(lab.folder.path()) == std::vector<std::string>{"served"});
}

TEST_CASE("a target of another name proves an image when that is said, and the report tells whose word it is") {
  TufLab lab;
  auto request = lab.image_request(kGun + ":3.0");
  REQUIRE_ERROR(target_missing, lab.pack(request));
  request.target_names = {{kGun + ":3.0", "app.json"}};
  CHECK(lab.pack(request).bundle.images[0].named_by_seal);
  const auto outcome = lab.verify();
  REQUIRE_FALSE(outcome.refusal());
  CHECK(outcome.images[0].record.reference == kGun + ":3.0");
  CHECK(outcome.images[0].target->name == "app.json");
  CHECK(outcome.images[0].named_by_seal);

  SECTION("but not the target that is another tag's name") {
    request.target_names = {{kGun + ":3.0", kGun + ":1.0"}};
    REQUIRE_ERROR(usage, lab.pack(request));
    lab.forge([](bundle::Statement& statement) {
      statement.images[0].proof->target = kGun + ":1.0";
      statement.images[0].proof->role = "images";
    });
    REQUIRE_ERROR(name_mismatch, lab.verify());
  }
  SECTION("and not outside of the repository that the chain is pinned for") {
    lab.forge([](bundle::Statement& statement) { statement.images[0].reference = "near.test/team/other:3.0"; });
    REQUIRE_ERROR(name_mismatch, lab.verify());
  }
  SECTION("a name for an image that is not packed is a mistake") {
    request.target_names.emplace("near.test/team/nothing:1", "app.json");
    REQUIRE_ERROR(usage, lab.pack(request));
  }
}

TEST_CASE("a Notary chain names its tags itself") {
  TufLab lab;
  SignedRepository notary(kGun);
  notary.sign("1.0", lab.image.manifest).sign("2.0", lab.image.manifest);
  lab.pin(notary);
  lab.serve(notary);
  auto request = lab.request(lab.near.location("team/app:1.0"), kGun + ":1.0");
  request.target_names = {{kGun + ":1.0", "2.0"}};
  REQUIRE_ERROR(usage, lab.pack(request));
}

TEST_CASE("an image by digest is proven by the tag that is signed with it") {
  TufLab lab;
  const std::string digest = digest_of(lab.image.manifest).text();
  auto request = lab.request(lab.near.location("team/app@" + digest), kGun + "@" + digest);
  request.chains = {lab.source()};
  lab.pack(request);
  CHECK(lab.verify().images[0].record.reference == kGun + ":1.0");
}

TEST_CASE("every hash that a target names must be the manifest's") {
  TufLab lab;
  const auto sign = [&](const std::string& sha256, const std::string& sha512) {
    json::Object hashes;
    if (!sha256.empty()) hashes.set("sha256", digest::sha256(base::as_bytes(sha256)).hex());
    if (!sha512.empty()) hashes.set("sha512", digest::sha512(base::as_bytes(sha512)).hex());
    set(lab.repository.targets.at("images").body, {"targets", kGun + ":1.0", "hashes"}, json::Value(hashes));
    lab.repository.publish_again("images");
    lab.write();
  };
  SECTION("both") {
    sign(lab.image.manifest, lab.image.manifest);
    lab.pack(lab.image_request());
    CHECK_FALSE(lab.verify().refusal());
  }
  SECTION("SHA-512 alone") {
    sign("", lab.image.manifest);
    lab.pack(lab.image_request());
    CHECK_FALSE(lab.verify().refusal());
  }
  SECTION("SHA-512 of something else") {
    sign(lab.image.manifest, "something else");
    REQUIRE_ERROR(target_mismatch, lab.pack(lab.image_request()));
    sign("", "something else");
    REQUIRE_ERROR(target_mismatch, lab.pack(lab.image_request()));
  }
}

TEST_CASE("one repository speaks for the images of many, each under the pin of its own name") {
  TufLab lab;
  lab.repository.put("images", "near.test/team/db:1.0", lab.image.manifest);
  lab.repository.publish_again("images");
  lab.write();
  auto request = lab.image_request();
  request.images.push_back({lab.near.location("team/app:1.0"), "near.test/team/db:1.0", false});
  lab.pack(request);
  CHECK(lab.verify().chains.size() == 2);
  auto& pins = lab.store.roots;
  pins = {root_entry("near.test/team/app", lab.repository.build().roots.at(1))};
  REQUIRE_ERROR(untrusted_root, lab.verify());
}

TEST_CASE("among several sources a repository is asked for the names that it signs") {
  TufLab lab;
  SignedRepository notary("near.test/team/notarized");
  lab.serve(notary.sign("1.0", lab.image.manifest));
  // Pinned for every name, as the other one is: what is pinned of one dialect is no hindrance to the other.
  lab.store.roots.push_back({trust::Pattern::parse("*"), trust::RootEntry::Kind::key_id, notary.root_key()});
  auto request = lab.image_request();
  request.chains.push_back(lab.chains);
  request.images.push_back({lab.near.location("team/app:1.0"), "near.test/team/notarized:1.0", false});
  lab.pack(request);
  const auto outcome = lab.verify();
  REQUIRE(outcome.chains.size() == 2);
  CHECK(outcome.chains[0].dialect == "tuf-1.0");
  CHECK(outcome.chains[1].dialect == "notary-v1");
}

TEST_CASE("a whole repository travels with its target files, and a client accepts it on the far side") {
  TufLab lab;
  const auto packed = lab.pack(lab.whole_request());
  CHECK(packed.bundle.chains[0].target_files == lab.contents.size());
  CHECK(lab.verify().chains[0].target_files == lab.contents.size());
  const auto outcome = lab.restore("out");
  REQUIRE_FALSE(outcome.refusal());
  CHECK(outcome.destination == "tuf:" + (lab.folder / "out"));
  for (const auto& [name, content] : lab.contents) {
    CAPTURE(name);
    CHECK(lab.client_finds("out", name) == content);
  }
  CHECK(lab.history().size() == 1);
  // It is the repository that was served, file by file, and a source like it.
  for (const auto& [name, raw] : lab.repository.served()) {
    CHECK(base::read_file(lab.fs, lab.folder / ("out/metadata/" + name), 1 << 20) == raw);
  }
  CHECK(transfer::open_chain_source(lab.fs, "tuf:" + (lab.folder / "out"), nullptr)->load(kName, {}));
}

TEST_CASE("a repository on the far side is brought up to date, and never back") {
  TufLab lab;
  lab.pack(lab.whole_request());
  const std::string older = lab.folder / "older.gapstow";
  lab.fs.rename(lab.bundle, older);
  lab.repository.put("releases", "app/1.0", "one, mended");
  lab.contents["app/1.0"] = "one, mended";
  lab.repository.publish_again("releases");
  lab.write();
  lab.pack(lab.whole_request());
  const std::string newer = lab.folder / "newer.gapstow";
  lab.fs.rename(lab.bundle, newer);

  lab.bundle = older;
  lab.restore("out");
  lab.bundle = newer;
  CHECK_FALSE(lab.restore("out").refusal());
  CHECK(lab.client_finds("out", "app/1.0") == "one, mended");
  CHECK_FALSE(lab.restore("out").refusal());
  CHECK(lab.client_finds("out", "app/1.0") == "one, mended");

  lab.bundle = older;
  CHECK(lab.restore("out").refusal()->code == ErrorCode::rollback);
  CHECK(lab.client_finds("out", "app/1.0") == "one, mended");
  // The folder remembers too.
  lab.state_path = lab.folder / "fresh.db";
  REQUIRE_ERROR(rollback, lab.restore("out"));
  CHECK_FALSE(lab.has_state());
  CHECK(lab.client_finds("out", "app/1.0") == "one, mended");
  for (const auto& name : lab.files()) CHECK(name.find(".tmp") == std::string::npos);
}

TEST_CASE("what a killed run had moved into a folder is finished by the next") {
  TufLab lab;
  lab.pack(lab.whole_request());
  const auto root = lab.repository.build().roots.at(1);
  SECTION("nothing yet") { lab.fs.make_folder(lab.folder / "out", 0755); }
  SECTION("something") { lab.put_file("out/metadata/1.root.json", root); }
  CHECK_FALSE(lab.restore("out").refusal());
  CHECK(lab.client_finds("out", "note") == "a note");
}

TEST_CASE("a repository is not written over anything else") {
  TufLab lab;
  lab.pack(lab.whole_request());
  SECTION("a file") { base::write_file(lab.fs, lab.folder / "out", base::as_bytes("x")); }
  SECTION("a folder of something") { lab.put_file("out/something", base::as_bytes("x")); }
  SECTION("another repository") {
    const auto other = TufRepository::standard();
    for (const auto& [name, raw] : other.served()) lab.put_file("out/metadata/" + name, raw);
  }
  const auto before = lab.files();
  REQUIRE_ERROR(conflict, lab.restore("out"));
  CHECK(lab.files() == before);
  CHECK_FALSE(lab.has_state());
}

TEST_CASE("a target file that is missing, cut or changed is not packed") {
  TufLab lab;
  const std::string file = "served/targets/" + tuf::target_files("note", {6, {digest_of("a note")}}, true).front();
  const auto code = [&] { return error_of([&] { lab.pack(lab.whole_request()); }); };
  lab.put_file(file, base::as_bytes("a nota"));
  CHECK(code() == ErrorCode::digest_mismatch);
  lab.put_file(file, base::as_bytes("a no"));
  CHECK(code() == ErrorCode::truncated);
  lab.put_file(file, base::as_bytes("a note and more"));
  CHECK(code() == ErrorCode::digest_mismatch);
  lab.fs.remove(lab.folder / file);
  CHECK(code() == ErrorCode::not_found);
  CHECK(lab.files() == std::vector<std::string>{"served"});
}

TEST_CASE("a seal that names target files wrongly is refused") {
  TufLab lab;
  lab.pack(lab.whole_request());
  auto expected = ErrorCode::target_mismatch;
  SECTION("the content of one under the name of another") {
    lab.forge([](bundle::Statement& statement) {
      auto& targets = statement.chains[0].targets;
      std::swap(targets[0].sha256, targets[1].sha256);
      std::swap(targets[0].size, targets[1].size);
    });
  }
  SECTION("a name that the chain does not sign") {
    lab.forge([](bundle::Statement& statement) { statement.chains[0].targets.back().name += "x"; });
    expected = ErrorCode::target_missing;
  }
  SECTION("one left unnamed") {
    lab.forge(
        [](bundle::Statement& statement) { statement.chains[0].targets.erase(statement.chains[0].targets.begin()); });
    expected = ErrorCode::malformed;
  }
  SECTION("a way out of the folder") {
    lab.forge([](bundle::Statement& statement) { statement.chains[0].targets[0].name = "../app"; });
    expected = ErrorCode::role_invalid;
  }
  CHECK(error_of([&] { lab.verify(); }) == expected);
  CHECK(error_of([&] { lab.restore("out"); }) == expected);
  CHECK_FALSE(lab.fs.status(lab.folder / "out"));
  CHECK_FALSE(lab.has_state());
}

TEST_CASE("hashes beside SHA-256 are checked while target files flow") {
  TufLab lab;
  const auto sign = [&](const std::string& sha512_of) {
    json::Object hashes{{"sha512", digest::sha512(base::as_bytes(sha512_of)).hex()}};
    hashes.set("sha256", digest::sha256(base::as_bytes("a note")).hex());
    set(lab.repository.targets.at("alice").body, {"targets", "note", "hashes"}, json::Value(hashes));
    lab.repository.publish_again("alice");
    lab.write();
  };
  sign("a note");
  lab.pack(lab.whole_request());
  CHECK_FALSE(lab.restore("out").refusal());
  CHECK(lab.client_finds("out", "note") == "a note");
  sign("something else");
  REQUIRE_ERROR(digest_mismatch, lab.pack(lab.whole_request()));
}

TEST_CASE("several repositories of one bundle get folders of their names") {
  TufLab lab;
  auto request = lab.whole_request();
  request.guns = {"tuf.test/one", "tuf.test/two"};
  lab.pack(request);
  CHECK_FALSE(lab.restore("out").refusal());
  CHECK(lab.client_finds("out/tuf.test/one", "note") == "a note");
  CHECK(lab.client_finds("out/tuf.test/two", "note") == "a note");
}

TEST_CASE("bundles without a TUF repository cannot be written out as one, nor the others imported as images") {
  TufLab lab;
  SignedRepository notary(kGun);
  lab.pin(notary);
  lab.serve(notary.sign("1.0", lab.image.manifest));
  lab.pack(lab.request(lab.near.location("team/app:1.0"), kGun + ":1.0"));
  REQUIRE_ERROR(usage, lab.restore("out"));
  lab.pack(lab.whole_request());
  LabRegistry far;
  REQUIRE_ERROR(usage, lab.import(far));
  auto request = lab.whole_request();
  request.chains = {lab.chains};
  request.guns = {kGun};
  REQUIRE_ERROR(usage, lab.pack(request));
}

TEST_CASE("a captured repository is a source for the next bundle, target files included") {
  TufLab lab;
  lab.pack(lab.whole_request());
  const std::string captured = lab.folder / "captured.gapstow";
  lab.fs.rename(lab.bundle, captured);
  auto request = lab.whole_request();
  request.chains = {transfer::open_chain_source(lab.fs, "bundle:" + captured, nullptr)};
  lab.pack(request);
  CHECK_FALSE(lab.restore("out").refusal());
  CHECK(lab.client_finds("out", "app/1.0") == "one");
}

TEST_CASE("a chain of TUF is verified alone, from its folder") {
  TufLab lab;
  const auto found = *lab.source()->load(kGun, {});
  const auto proven = transfer::verify_chain(found, kGun, {lab.store, {}, std::nullopt, {kGun + ":1.0"}, "", false},
                                             nullptr, lab.clock);
  REQUIRE(proven.targets.size() == 1);
  CHECK(proven.targets[0].role == "images");
}

}  // namespace gapstow::test
