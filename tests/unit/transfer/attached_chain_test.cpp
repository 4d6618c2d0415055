// The chain travels with the image from registry to registry.
#include <algorithm>
#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "support/delivery_samples.h"
#include "support/error_of.h"
#include "support/transfer_lab.h"

namespace gapstow::test {
namespace {

using base::ErrorCode;

const std::string kGun = "near.test/team/app";
const std::string kArtifactType = "application/vnd.gapstow.chain.v1";

struct Journey : Lab {
  explicit Journey(unsigned retries = 2) : Lab(retries) {
    near.push("team/app", "1.0", image);
    serve(app.sign("1.0", image.manifest));
  }
  LabRegistry near;
  LabRegistry far;
  SignedRepository app{kGun};
  MadeImage image = make_image("first");

  transfer::PackRequest signed_image(const std::string& tag = "1.0") {
    return request(near.location("team/app:" + tag), kGun + ":" + tag);
  }
  transfer::PackRequest attached(const LabRegistry& from, const std::string& name = "team/app:1.0") {
    auto made = request();
    made.images.push_back({from.location(name), "", false});
    made.attached_chains = true;
    return made;
  }
  transfer::ImportOptions attaching(const LabRegistry& to) {
    auto options = into(to);
    options.attach_chain = true;
    return options;
  }
  /// Packs near, imports far, with the chain.
  void carry(const transfer::PackRequest& request) {
    pack(request);
    REQUIRE_FALSE(import(far, attaching(far)).refusal());
  }
  /// Manifests of attached chains in the repository.
  static std::vector<std::string> artifacts(LabRegistry& registry, const std::string& path = "team/app") {
    std::vector<std::string> found;
    for (const auto& [digest, manifest] : registry->at(path).manifests) {
      if (manifest.bytes.find(R"("artifactType":")" + kArtifactType + "\",\"config\"") != std::string::npos) {
        found.push_back(digest);
      }
    }
    return found;
  }
  /// Puts another manifest in the place of the one attached chain.
  void replace(const std::string& bytes, std::string_view media_type = oci::kOciManifest) {
    auto& there = far->at("team/app");
    const auto old = artifacts(far);
    REQUIRE(old.size() == 1);
    there.manifests.erase(old[0]);
    for (const auto& tag : {oci::referrers_tag(image.root.digest)}) {
      there.manifests.erase(there.tags[tag]);
      there.tags.erase(tag);
    }
    far->add_manifest("team/app", "", bytes, media_type);
  }
  std::string artifact() { return far->at("team/app").manifests.at(artifacts(far).at(0)).bytes; }
  std::optional<ErrorCode> pack_code() {
    return error_of([&] { pack(attached(far)); });
  }
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// The JSON object around the nested one in which `at` stands.
std::string object_around(const std::string& text, std::size_t at) {
  const auto last = text.find('}', text.find('}', at) + 1);
  auto first = at;
  for (int depth = 0;; --first) {
    if (text[first] == '{' && depth++ == 1) break;
  }
  return text.substr(first, last + 1 - first);
}

}  // namespace

TEST_CASE("three registries in a row, and the proof is the first one's") {
  Journey lab;
  LabRegistry third;
  lab.carry(lab.signed_image());
  const auto packed = lab.pack(lab.attached(lab.far));
  REQUIRE(packed.bundle.chains.size() == 1);
  CHECK(packed.bundle.chains[0].source == "attached");
  CHECK(packed.bundle.chains[0].gun == kGun);
  CHECK(packed.bundle.images[0].record.reference == kGun + ":1.0");
  CHECK(packed.bundle.images[0].record.digest == lab.image.root.digest);
  CHECK_FALSE(lab.verify().refusal());

  auto options = lab.into(third, "mirror");
  options.attach_chain = true;
  REQUIRE_FALSE(lab.import(third, options).refusal());
  CHECK(third.tag("mirror/team/app", "1.0") == lab.image.root.digest.text());
  const auto last = lab.pack(lab.attached(third, "mirror/team/app:1.0"));
  CHECK(last.bundle.images[0].record.reference == kGun + ":1.0");
  CHECK(last.bundle.images[0].target->role == "targets");
  const auto outcome = lab.verify();
  REQUIRE_FALSE(outcome.refusal());
  CHECK(outcome.chains[0].source == "attached");

  // By digest, too; and a name must be the sealed one.
  auto request = lab.attached(third, "mirror/team/app@" + lab.image.root.digest.text());
  CHECK(lab.pack(request).bundle.images[0].record.reference == kGun + ":1.0");
  request.images[0].name = kGun + ":1.0";
  CHECK_FALSE(error_of([&] { lab.pack(request); }));
  request.images[0].name = "near.test/team/other:1.0";
  REQUIRE_ERROR(chain_incomplete, lab.pack(request));
}

TEST_CASE("an image without an attached chain has no proof") {
  Journey lab;
  REQUIRE_ERROR(chain_incomplete, lab.pack(lab.attached(lab.near)));
  REQUIRE_ERROR(not_found, lab.pack(lab.attached(lab.near, "team/app:9")));
  auto all = lab.attached(lab.near, "team/app");
  all.images[0].all_tags = true;
  REQUIRE_ERROR(usage, lab.pack(all));
  // Another source may know it.
  auto request = lab.attached(lab.near);
  request.images[0].name = kGun + ":1.0";
  request.chains.push_back(lab.chains);
  CHECK(lab.pack(request).bundle.chains[0].source == "given");
}

TEST_CASE("a run that keeps going leaves out images without an attached chain") {
  Journey lab;
  lab.carry(lab.signed_image());
  lab.far.push("team/bare", "1.0", make_image("bare"));
  auto request = lab.attached(lab.far);
  request.images.insert(request.images.begin(), {lab.far.location("team/bare:1.0"), "", false});
  REQUIRE_ERROR(chain_incomplete, lab.pack(request));
  request.keep_going = true;
  const auto packed = lab.pack(request);
  CHECK(packed.bundle.images.size() == 1);
  REQUIRE(packed.bundle.failures.size() == 1);
  CHECK(packed.bundle.failures[0].error.code() == ErrorCode::chain_incomplete);
  CHECK_FALSE(lab.verify().refusal());
}

TEST_CASE("attaching the same twice stores it once") {
  Journey lab;
  lab.carry(lab.signed_image());
  CHECK(lab.artifacts(lab.far).size() == 1);
  lab.far->clear_log();
  REQUIRE_FALSE(lab.import(lab.far, lab.attaching(lab.far)).refusal());
  CHECK(lab.far.changes() == 0);
  CHECK(lab.artifacts(lab.far).size() == 1);
  // Nor is it made again for an image that brings it along.
  LabRegistry third;
  lab.pack(lab.attached(lab.far));
  lab.import(third, lab.into(third));
  CHECK(lab.artifacts(third).size() == 1);
}

TEST_CASE("the newest attached chain counts") {
  Journey lab;
  lab.carry(lab.signed_image());
  lab.serve(lab.app, 7);
  lab.carry(lab.signed_image());
  lab.serve(lab.app, 3);
  lab.pack(lab.signed_image());
  REQUIRE_FALSE(lab.import(*lab.destination(lab.far), lab.attaching(lab.far), "an older one").refusal());
  CHECK(lab.artifacts(lab.far).size() == 3);
  const auto packed = lab.pack(lab.attached(lab.far));
  const auto& roles = packed.bundle.chains[0].roles;
  const auto timestamp = std::ranges::find(roles, "timestamp", &tuf::ProvenRole::name);
  REQUIRE(timestamp != roles.end());
  CHECK(timestamp->version == 7);
  CHECK_FALSE(lab.verify().refusal());
}

TEST_CASE("an attached chain of a repository that is not pinned names nothing") {
  Journey lab;
  SignedRepository stranger("evil.test/app");
  lab.near.push("team/stranger", "1.0", lab.image);
  lab.serve(stranger.sign("1.0", lab.image.manifest));
  auto request = lab.request(lab.near.location("team/stranger:1.0"), "evil.test/app:1.0");
  lab.pack(request);
  auto options = lab.into(lab.far, "", {transfer::parse_rename("evil.test/app=team/app")});
  options.attach_chain = true;
  REQUIRE_FALSE(lab.import(lab.far, options).refusal());
  std::erase_if(lab.store.roots, [](const auto& root) { return root.pattern.text() == "evil.test/app"; });
  REQUIRE_ERROR(chain_incomplete, lab.pack(lab.attached(lab.far)));
  lab.carry(lab.signed_image());
  CHECK(lab.artifacts(lab.far).size() == 2);
  CHECK(lab.pack(lab.attached(lab.far)).bundle.images[0].record.reference == kGun + ":1.0");
  // When both are pinned, one must say which is meant.
  lab.pin(stranger);
  REQUIRE_ERROR(usage, lab.pack(lab.attached(lab.far)));
  request = lab.attached(lab.far);
  request.images[0].name = "evil.test/app:1.0";
  CHECK(lab.pack(request).bundle.images[0].record.reference == "evil.test/app:1.0");
}

TEST_CASE("two names of one digest in one bundle") {
  Journey lab;
  SECTION("two tags of a repository") {
    lab.near->at("team/app").tags["latest"] = lab.image.root.digest.text();
    lab.serve(lab.app.sign("latest", lab.image.manifest), 2);
    auto request = lab.signed_image();
    request.images.push_back({lab.near.location("team/app:latest"), kGun + ":latest", false});
    lab.carry(request);
    // Each is found under its own tag.
    for (const std::string tag : {"1.0", "latest"}) {
      CHECK(lab.pack(lab.attached(lab.far, "team/app:" + tag)).bundle.images[0].record.reference == kGun + ":" + tag);
    }
    REQUIRE_ERROR(usage, lab.pack(lab.attached(lab.far, "team/app@" + lab.image.root.digest.text())));
  }
  SECTION("two repositories") {
    SignedRepository other("near.test/team/other");
    lab.serve(other.sign("1.0", lab.image.manifest));
    lab.near.push("team/other", "1.0", lab.image);
    auto request = lab.signed_image();
    request.images.push_back({lab.near.location("team/other:1.0"), "near.test/team/other:1.0", false});
    lab.carry(request);
    CHECK(lab.pack(lab.attached(lab.far)).bundle.images[0].record.reference == kGun + ":1.0");
    CHECK(lab.pack(lab.attached(lab.far, "team/other:1.0")).bundle.images[0].record.reference ==
          "near.test/team/other:1.0");
  }
}

TEST_CASE("an attached chain that is not what it should be is an error") {
  Journey lab;
  lab.carry(lab.signed_image());
  REQUIRE_FALSE(lab.pack_code());
  const std::string good = lab.artifact();
  const auto title_at = good.find("timestamp.json");
  REQUIRE(title_at != std::string::npos);
  const std::string layer = object_around(good, title_at);
  lab.fs.remove(lab.bundle);
  lab.fs.remove(lab.state_path);

  SECTION("a layer is missing in the manifest") {
    lab.replace(replaced(good, "," + layer, ""));
    CHECK(lab.pack_code() == ErrorCode::chain_incomplete);
  }
  SECTION("a layer stands twice") {
    lab.replace(replaced(good, layer, layer + "," + layer));
    CHECK(lab.pack_code() == ErrorCode::chain_incomplete);
  }
  SECTION("a title is wrong") {
    lab.replace(replaced(good, "timestamp.json", "timestanp.json"));
    CHECK(lab.pack_code() == ErrorCode::digest_mismatch);
  }
  SECTION("a layer is another one than the seal lists") {
    const std::string other = lab.chains->chains[kGun].snapshot.empty() ? "" : "{}";
    lab.far->add_blob("team/app", other);
    const auto digest_at = layer.find("sha256:");
    lab.replace(replaced(good, layer.substr(digest_at, 71), digest_of(other).text()));
    CHECK(lab.pack_code() == ErrorCode::digest_mismatch);
  }
  SECTION("the bytes of a layer are others") {
    auto& blob = lab.far->at("team/app").blobs.at(layer.substr(layer.find("sha256:"), 71));
    blob[blob.size() / 2] ^= 1;
    CHECK(lab.pack_code() == ErrorCode::digest_mismatch);
  }
  SECTION("a layer is not there") {
    lab.far->at("team/app").blobs.erase(layer.substr(layer.find("sha256:"), 71));
    CHECK(lab.pack_code());
  }
  SECTION("the seal is not there") {
    lab.replace(replaced(good, "application/vnd.gapstow.seal.v1+json", "application/octet-stream"));
    CHECK(lab.pack_code() == ErrorCode::malformed);
  }
  SECTION("there is no layer") {
    const auto from = good.find("\"layers\":[") + 10;
    lab.replace(std::string(good).replace(from, good.find("],\"mediaType\"") - from, ""));
    CHECK(lab.pack_code() == ErrorCode::malformed);
  }
  SECTION("it is an index") {
    std::string index = index_of({lab.image.root});
    index.insert(index.size() - 1,
                 R"(,"artifactType":")" + kArtifactType + R"(","subject":)" + descriptor_json(lab.image.root));
    lab.replace(index, oci::kOciIndex);
    CHECK(lab.pack_code() == ErrorCode::malformed);
  }
  SECTION("its seal is of another image") {
    Journey other;
    other.image = make_image("other");
    other.near.push("team/app", "1.0", other.image);
    other.serve(other.app.sign("1.0", other.image.manifest), 2);
    other.carry(other.signed_image());
    for (const auto& [digest, bytes] : other.far->at("team/app").blobs) lab.far->add_blob("team/app", bytes);
    lab.replace(replaced(other.artifact(), other.image.root.digest.text(), lab.image.root.digest.text()));
    CHECK(lab.pack_code() == ErrorCode::malformed);
  }
  SECTION("its seal is no seal") {
    lab.far->add_blob("team/app", "{}");
    const auto seal = object_around(good, good.find("gapstow/seal.json"));
    const auto digest = seal.substr(seal.find("sha256:"), 71);
    const auto size_at = seal.find("\"size\":") + 7;
    auto changed = replaced(seal, digest, digest_of("{}").text());
    changed =
        replaced(changed, "\"size\":" + seal.substr(size_at, seal.find_first_not_of("0123456789", size_at) - size_at),
                 "\"size\":2");
    lab.replace(replaced(good, seal, changed));
    CHECK(lab.pack_code());
  }
  SECTION("it was sealed without a chain") {
    // A seal that speaks of the image, but not of a chain.
    lab.pack(lab.unproven(lab.near.location("team/app:1.0"), kGun + ":1.0"));
    const auto file = base::read_file(lab.fs, lab.bundle, 1 << 26);
    base::MemorySource front(file);
    const std::string bytes(base::as_text(bundle::read_seal(front).entry_bytes()));
    lab.far->add_blob("team/app", bytes);
    const auto seal = object_around(good, good.find("gapstow/seal.json"));
    const auto size_at = seal.find("\"size\":") + 7;
    auto changed = replaced(seal, seal.substr(seal.find("sha256:"), 71), digest_of(bytes).text());
    changed =
        replaced(changed, "\"size\":" + seal.substr(size_at, seal.find_first_not_of("0123456789", size_at) - size_at),
                 "\"size\":" + std::to_string(bytes.size()));
    lab.replace(replaced(good, seal, changed));
    lab.fs.remove(lab.bundle);
    CHECK(lab.pack_code() == ErrorCode::malformed);
  }
  CHECK_FALSE(lab.fs.status(lab.bundle));
}

TEST_CASE("an attached chain proves itself, whoever sealed it") {
  Journey lab;
  lab.near.push("team/app", "2.0", make_image("second"));
  lab.serve(lab.app.sign("2.0", make_image("second").manifest), 2);
  auto request = lab.signed_image();
  request.images.push_back({lab.near.location("team/app:2.0"), kGun + ":2.0", false});
  lab.carry(request);
  // Its root is not the pinned one: each image fails, for the same reason.
  lab.store.roots.back().value = std::string(64, 'a');
  auto both = lab.attached(lab.far);
  both.images.push_back({lab.far.location("team/app:2.0"), "", false});
  REQUIRE_ERROR(pin_mismatch, lab.pack(both));
  both.keep_going = true;
  REQUIRE_ERROR(pin_mismatch, lab.pack(both));
  lab.far.push("team/plain", "1.0", make_image("plain"));
  both.chains.push_back(lab.chains);
  SignedRepository plain("near.test/team/plain");
  lab.serve(plain.sign("1.0", make_image("plain").manifest));
  both.images.push_back({lab.far.location("team/plain:1.0"), "near.test/team/plain:1.0", false});
  const auto packed = lab.pack(both);
  CHECK(packed.bundle.images.size() == 1);
  REQUIRE(packed.bundle.failures.size() == 2);
  for (const auto& failure : packed.bundle.failures) CHECK(failure.error.code() == ErrorCode::pin_mismatch);
}

TEST_CASE("an attached chain goes into layouts, and is found there") {
  Journey lab;
  lab.pack(lab.signed_image());
  transfer::ImportOptions options;
  options.attach_chain = true;
  REQUIRE_FALSE(lab.import(*oci::make_oci_folder(lab.fs, lab.folder / "oci", ""), options).refusal());
  auto request = lab.request();
  request.images.push_back({oci::parse_location("oci:" + (lab.folder / "oci")), "", false});
  request.attached_chains = true;
  const auto packed = lab.pack(request);
  CHECK(packed.bundle.images[0].record.reference == kGun + ":1.0");
  CHECK(packed.bundle.chains[0].source == "attached");
  CHECK_FALSE(lab.verify().refusal());
}

}  // namespace gapstow::test
