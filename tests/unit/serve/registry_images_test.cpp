// What the registry gives of images for several platforms, of what is attached to images, and of several bundles.
#include <algorithm>
#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/oci/manifest.h"
#include "gapstow/serve/notary_routes.h"
#include "support/delivery_samples.h"
#include "support/error_of.h"
#include "support/serve_world.h"
#include "support/transfer_lab.h"

namespace gapstow::test {
namespace {

const std::string kGun = "near.test/team/app";
const std::string kRoot = "/v2/team/app/";
const std::string kSignatureType = "application/vnd.example.signature+json";

/// An index over an image for amd64 and one for arm64, signed as 1.0; the index has a referrer.
struct Platforms : Lab {
  Platforms() {
    for (const auto* image : {&amd, &arm}) near.push("team/app", "", *image);
    near->add_manifest("team/app", "1.0", index, oci::kOciIndex);
    near.push("team/app", "", referrer);
    serve(app.sign("1.0", index));
  }

  std::string make_index() const {
    const auto entry = [](const oci::Descriptor& descriptor, const std::string& architecture) {
      std::string text = descriptor_json(descriptor);
      text.pop_back();
      return text + R"(,"platform":{"os":"linux","architecture":")" + architecture + R"("}})";
    };
    return R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kOciIndex) + R"(","manifests":[)" +
           entry(amd.root, "amd64") + "," + entry(arm.root, "arm64") + "]}";
  }
  transfer::PackRequest both() { return request(near.location("team/app:1.0"), kGun + ":1.0"); }

  LabRegistry near;
  SignedRepository app{kGun};
  MadeImage amd = make_image("amd", 2, oci::kOciManifest);
  MadeImage arm = make_image("arm", 1, oci::kOciManifest);
  std::string index = make_index();
  oci::Descriptor root = descriptor_of(index, oci::kOciIndex);
  MadeImage referrer = make_artifact("signature", &root, kSignatureType);
};

std::string signature_tag(const digest::Digest& manifest) { return oci::referrers_tag(manifest) + ".sig"; }

/// What the border signed under the tag of this manifest; empty when there is nothing.
std::string signed_payload(ServeWorld& world, const digest::Digest& manifest) {
  const auto response = world.get(kRoot + "manifests/" + signature_tag(manifest));
  if (response.status != 200) return {};
  const json::Value value = json::parse(base::as_bytes(body_of(response)));
  const auto layers = json::Cursor(value).at("layers").array();
  return layers.empty() ? "" : body_of(world.get(kRoot + "blobs/" + layers.back().at("digest").string()));
}

void sign_at_border(ServeWorld& world) {
  world.border = std::make_unique<serve::BorderSignatures>(
      std::make_unique<sign::SecretKey>(sign::SecretKey::generate(sign::KeyType::ecdsa_p256)));
}

}  // namespace

TEST_CASE("an index, its manifests and their blobs are given, each by its digest") {
  Platforms lab;
  lab.pack(lab.both());
  ServeWorld world({lab.bundle}, lab.store);
  CHECK(body_of(world.get(kRoot + "manifests/1.0")) == lab.index);
  for (const auto* image : {&lab.amd, &lab.arm}) {
    const auto manifest = world.get(kRoot + "manifests/" + image->root.digest.text());
    CHECK(body_of(manifest) == image->manifest);
    CHECK(header_of(manifest, "Content-Type") == oci::kOciManifest);
    for (const auto& [digest, bytes] : image->blobs()) {
      CHECK(body_of(world.get(kRoot + "blobs/" + digest.text())) == bytes);
    }
  }
}

TEST_CASE("a platform that was left out is not there, and the answer says that it was left out") {
  Platforms lab;
  auto request = lab.both();
  request.platforms = {oci::parse_platform("linux/amd64")};
  lab.pack(request);
  ServeWorld world({lab.bundle}, lab.store);
  CHECK(body_of(world.get(kRoot + "manifests/1.0")) == lab.index);
  CHECK(world.get(kRoot + "manifests/" + lab.amd.root.digest.text()).status == 200);
  const auto absent = world.get(kRoot + "manifests/" + lab.arm.root.digest.text());
  CHECK(absent.status == 404);
  CHECK(body_of(absent).find("left out") != std::string::npos);

  // Another bundle has it: then both are there.
  const std::string first = lab.folder / "first.gapstow";
  lab.fs.rename(lab.bundle, first);
  request.platforms = {oci::parse_platform("linux/arm64")};
  lab.pack(request);
  ServeWorld whole({first, lab.bundle}, lab.store);
  CHECK(body_of(whole.get(kRoot + "manifests/" + lab.arm.root.digest.text())) == lab.arm.manifest);
  CHECK(whole.get(kRoot + "manifests/" + lab.amd.root.digest.text()).status == 200);
}

TEST_CASE("the border signs the image for each platform under the tags of its index, as clients look for it") {
  Platforms lab;
  lab.pack(lab.both());
  ServeWorld world({lab.bundle}, lab.store);
  sign_at_border(world);
  for (const auto& manifest : {lab.root.digest, lab.amd.root.digest, lab.arm.root.digest}) {
    CHECK(signed_payload(world, manifest) == serve::simple_signing_payload(kGun + ":1.0", manifest));
  }
  CHECK(signed_payload(world, lab.referrer.root.digest).empty());
  CHECK(signed_payload(world, digest_of("nothing")).empty());
}

TEST_CASE("the border signs what has no tag by its digest, and nothing that is refused") {
  Platforms lab;
  const std::string by_digest = kGun + "@" + lab.amd.root.digest.text();
  lab.pack(lab.unproven(lab.near.location("team/app@" + lab.amd.root.digest.text()), by_digest));
  ServeWorld world({lab.bundle}, lab.store);
  sign_at_border(world);
  CHECK(signed_payload(world, lab.amd.root.digest) == serve::simple_signing_payload(by_digest, lab.amd.root.digest));
  lab.store.rules.front().deny = "frozen";
  ServeWorld frozen({lab.bundle}, lab.store);
  sign_at_border(frozen);
  CHECK(signed_payload(frozen, lab.amd.root.digest).empty());
}

TEST_CASE("a blob that is damaged in one bundle is given out of another that holds it") {
  Platforms lab;
  lab.pack(lab.both());
  const std::string other = lab.folder / "other.gapstow";
  base::write_file(lab.fs, other, base::read_file(lab.fs, lab.bundle, 1 << 26));
  ServeWorld world({lab.bundle, other}, lab.store);
  const auto layer = digest_of(lab.arm.packed[0]);
  const auto flip = [&](const serve::Bundle& held, const std::string& path) {
    const auto stamp = held->bundle().file()->stamp();
    const auto at = held->bundle().content(*held->payload(layer));
    const auto writer = lab.fs.open_for_update(path);
    base::Bytes one(1);
    writer->read_at(at, one);
    one[0] ^= std::byte{1};
    while (held->bundle().file()->stamp() == stamp) writer->write_at(at, one);
  };
  const auto holdings = world.cell->get();
  const std::string target = kRoot + "blobs/" + layer.text();
  flip(holdings->bundles[0], lab.bundle);
  CHECK(body_of(world.get(target)) == lab.arm.packed[0]);
  CHECK(world.ask(request_for(target, "HEAD")).status == 200);
  flip(holdings->bundles[1], other);
  CHECK(world.get(target).status == 404);
  CHECK(world.ask(request_for(target, "HEAD")).status == 404);
}

TEST_CASE("referrers are listed with their type; nothing attached is an empty list, and never 404") {
  Platforms lab;
  lab.pack(lab.both());
  ServeWorld world({lab.bundle}, lab.store);
  const auto entries = [&](const std::string& target) {
    const auto response = world.get(target);
    REQUIRE(response.status == 200);
    CHECK(header_of(response, "Content-Type") == oci::kOciIndex);
    const json::Value value = json::parse(base::as_bytes(body_of(response)));
    std::vector<std::string> found;
    for (const auto& entry : json::Cursor(value).at("manifests").array()) {
      CHECK(entry.at("artifactType").string() == kSignatureType);
      found.push_back(entry.at("digest").string());
    }
    return found;
  };
  const std::string of_root = kRoot + "referrers/" + lab.root.digest.text();
  const std::vector<std::string> listed{lab.referrer.root.digest.text()};
  CHECK(entries(of_root) == listed);
  CHECK(entries(of_root + "?artifactType=" + kSignatureType) == listed);
  // As a query decoder makes it of a '+' that was not escaped.
  CHECK(entries(of_root + "?artifactType=application/vnd.example.signature json") == listed);
  CHECK(entries(of_root + "?artifactType=application/other").empty());
  CHECK(entries(kRoot + "referrers/" + lab.arm.root.digest.text()).empty());
  CHECK(entries("/v2/team/unknown/referrers/" + lab.root.digest.text()).empty());
  CHECK(body_of(world.get(kRoot + "manifests/" + listed[0])) == lab.referrer.manifest);
  for (const auto& [digest, bytes] : lab.referrer.blobs()) {
    CHECK(body_of(world.get(kRoot + "blobs/" + digest.text())) == bytes);
  }
}

TEST_CASE("of two bundles the newer says what a tag is; a reload does not go back to the older") {
  Platforms lab;
  lab.pack(lab.both());
  const std::string older = lab.folder / "older.gapstow";
  lab.fs.rename(lab.bundle, older);
  lab.near->add_manifest("team/app", "1.0", lab.arm.manifest, lab.arm.root.media_type);
  lab.serve(lab.app.sign("1.0", lab.arm.manifest), 2);
  lab.pack(lab.both());
  for (const auto& bundles : {std::vector{older, lab.bundle}, std::vector{lab.bundle, older}}) {
    ServeWorld world(bundles, lab.store);
    CHECK(body_of(world.get(kRoot + "manifests/1.0")) == lab.arm.manifest);
    CHECK(world.get(kRoot + "manifests/" + lab.root.digest.text()).status == 404);
  }
  ServeWorld world({older}, lab.store);
  CHECK(body_of(world.get(kRoot + "manifests/1.0")) == lab.index);
  world.request.bundles = {lab.bundle};
  world.load();
  CHECK(body_of(world.get(kRoot + "manifests/1.0")) == lab.arm.manifest);
  world.request.bundles = {older};
  REQUIRE_ERROR(rollback, world.load());
  CHECK(body_of(world.get(kRoot + "manifests/1.0")) == lab.arm.manifest);
  // A repository that was made anew is another one, and its versions begin anew.
  SignedRepository anew(kGun);
  anew.sign("1.0", lab.arm.manifest);
  lab.store.roots.clear();
  lab.serve(anew);
  lab.pack(lab.both());
  world.request.bundles = {lab.bundle};
  world.store = lab.store;
  CHECK_NOTHROW(world.load());
}

TEST_CASE("a chain that is older than what was seen is given to nobody") {
  Platforms lab;
  lab.pack(lab.both());
  const std::string older = lab.folder / "older.gapstow";
  lab.fs.rename(lab.bundle, older);
  lab.serve(lab.app, 2);
  lab.pack(lab.both());
  LabRegistry far;
  REQUIRE_FALSE(lab.import(far).refusal());
  const auto timestamp = [&](const std::string& bundle) {
    ServeWorld world({older}, lab.store);
    world.request.state = lab.state_path;
    world.request.bundles = {bundle};
    world.load();
    serve::Response answer;
    serve::NotaryRoutes(*world.cell)
        .answer(std::make_shared<const serve::Request>(request_for("/v2/" + kGun + "/_trust/tuf/timestamp.json")),
                [&](serve::Response response) { answer = std::move(response); });
    CHECK(world.get(kRoot + "manifests/1.0").status == answer.status);
    return answer.status;
  };
  CHECK(timestamp(lab.bundle) == 200);
  CHECK(timestamp(older) == 404);
}

TEST_CASE("tags that cannot be pulled are not listed; relocated ones are, by the names that lead to them") {
  Platforms lab;
  lab.pack(lab.both());
  lab.store.relocations = {{kGun, "far.test/mirror/app", {{"1.0", "stable"}}}};
  ServeWorld world({lab.bundle}, lab.store);
  const std::string list = "/v2/mirror/app/tags/list?ns=far.test";
  CHECK(body_of(world.get(list)) == R"({"name":"mirror/app","tags":["1.0","stable"]})");
  CHECK(header_of(world.get(list + "&n=1"), "Link") ==
        R"(</v2/mirror/app/tags/list?n=1&last=1.0&ns=far.test>; rel="next")");
  CHECK(body_of(world.get(list + "&n=1&last=1.0")) == R"({"name":"mirror/app","tags":["stable"]})");
  CHECK(body_of(world.get(list + "&n=0")) == R"({"name":"mirror/app","tags":[]})");
}

}  // namespace gapstow::test
