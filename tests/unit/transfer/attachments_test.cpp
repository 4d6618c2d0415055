// Signatures, attestations and SBOMs of other kinds travel with their images.
#include <algorithm>
#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "support/delivery_samples.h"
#include "support/error_of.h"
#include "support/transfer_lab.h"

namespace gapstow::test {
namespace {

using base::ErrorCode;
using oci::Attachment;

const std::string kSbomType = "application/spdx+json";
const std::string kSignatureType = "application/vnd.example.signature";

/// An index over two images. The index has a signature and cosign's attestation, a child an SBOM and cosign's
/// signature, and the SBOM a signature.
struct Signed : Lab {
  explicit Signed(unsigned retries = 2) : Lab(retries) {
    for (const auto* image : {&one, &two}) near.push("team/app", "", *image);
    root = near->add_manifest("team/app", "1.0", index, oci::kOciIndex);
    for (const auto* artifact : {&signature, &sbom, &nested}) near.push("team/app", "", *artifact);
    near.push("team/app", attestation_tag, attestation);
    near.push("team/app", cosign_tag, cosign);
    serve(app.sign("1.0", index));
  }
  LabRegistry near;
  LabRegistry far;
  SignedRepository app{"near.test/team/app"};
  MadeImage one = make_image("one", 2, oci::kOciManifest);
  MadeImage two = make_image("two", 1, oci::kOciManifest);
  std::string index = index_of({one.root, two.root});
  oci::Descriptor root = descriptor_of(index, oci::kOciIndex);
  MadeImage signature = make_artifact("signature", &root, kSignatureType);
  MadeImage sbom = make_artifact("sbom", &two.root, kSbomType);
  MadeImage nested = make_artifact("signature of the SBOM", &sbom.root, kSignatureType);
  MadeImage attestation = make_artifact("attestation", nullptr, "");
  MadeImage cosign = make_artifact("cosign", nullptr, "");
  std::string attestation_tag = oci::referrers_tag(root.digest) + ".att";
  std::string cosign_tag = oci::referrers_tag(two.root.digest) + ".sig";

  std::vector<const MadeImage*> artifacts() const { return {&signature, &sbom, &nested, &attestation, &cosign}; }
  transfer::PackRequest one_image() { return request(near.location("team/app:1.0"), "near.test/team/app:1.0"); }

  /// Everything is in the registry: images, artifacts, lists and tags.
  void check_arrived(LabRegistry& registry, const std::string& path) {
    auto& there = registry->at(path);
    CHECK(registry.tag(path, "1.0") == root.digest.text());
    CHECK(registry.tag(path, attestation_tag) == attestation.root.digest.text());
    CHECK(registry.tag(path, cosign_tag) == cosign.root.digest.text());
    for (const auto* each : artifacts()) {
      for (const auto& [digest, bytes] : each->blobs()) {
        const bool is_manifest = digest == each->root.digest;
        CHECK((is_manifest ? there.manifests[digest.text()].bytes : there.blobs[digest.text()]) == bytes);
      }
    }
    const auto lists = [&](const oci::Descriptor& subject, const oci::Descriptor& referrer) {
      const std::string tag = registry.tag(path, oci::referrers_tag(subject.digest));
      return !tag.empty() && there.manifests.at(tag).bytes.find(referrer.digest.text()) != std::string::npos;
    };
    CHECK(lists(root, signature.root));
    CHECK(lists(two.root, sbom.root));
    CHECK(lists(sbom.root, nested.root));
    CHECK_FALSE(lists(one.root, sbom.root));
  }
};

std::vector<digest::Digest> digests(const bundle::ImageRecord& image) {
  std::vector<digest::Digest> digests;
  for (const auto& attachment : image.attachments) digests.push_back(attachment.digest);
  return digests;
}

}  // namespace

TEST_CASE("attachments are found at every level, listed in the seal behind their subjects, and proven") {
  Signed lab;
  lab.near->faults.no_referrers_api = GENERATE(false, true);
  if (lab.near->faults.no_referrers_api) {  // lists under fallback tags instead
    const auto list = [&](const oci::Descriptor& subject, const MadeImage& artifact) {
      lab.near->add_manifest("team/app", oci::referrers_tag(subject.digest), index_of({artifact.root}), oci::kOciIndex);
    };
    list(lab.root, lab.signature);
    list(lab.two.root, lab.sbom);
    list(lab.sbom.root, lab.nested);
  }
  const auto packed = lab.pack(lab.one_image());
  const auto& listed = packed.bundle.images[0].record.attachments;
  REQUIRE(listed.size() == 5);
  CHECK(digests(packed.bundle.images[0].record) == std::vector{lab.signature.root.digest, lab.attestation.root.digest,
                                                               lab.sbom.root.digest, lab.cosign.root.digest,
                                                               lab.nested.root.digest});
  CHECK(listed[0].kind == "referrer");
  CHECK(listed[0].subject == lab.root.digest);
  CHECK(listed[1].kind == "cosign");
  CHECK(listed[1].tag == lab.attestation_tag);
  CHECK(listed[1].artifact_type.empty());
  CHECK(listed[2].subject == lab.two.root.digest);
  CHECK(listed[4].subject == lab.sbom.root.digest);

  const auto outcome = lab.verify();
  REQUIRE_FALSE(outcome.refusal());
  CHECK(outcome.images[0].record.attachments == listed);
  CHECK(outcome.images[0].blobs == packed.bundle.images[0].blobs);

  REQUIRE_FALSE(lab.import(lab.far).refusal());
  lab.check_arrived(lab.far, "team/app");
}

TEST_CASE("attachments go from a registry into a layout and back, and a second time nothing is sent") {
  Signed lab;
  lab.pack(lab.one_image());
  const auto first = base::read_file(lab.fs, lab.bundle, 1 << 26);
  REQUIRE_FALSE(lab.import(*oci::make_oci_folder(lab.fs, lab.folder / "oci", "")).refusal());
  REQUIRE_FALSE(lab.import(*oci::make_oci_archive(lab.fs, lab.folder / "oci.tar", "")).refusal());
  for (const auto* place : {"oci:", "oci-archive:"}) {
    const std::string path = lab.folder / (std::string(place) == "oci:" ? "oci" : "oci.tar");
    const auto packed = lab.pack(lab.request(oci::parse_location(place + path)));
    CHECK(packed.bundle.images[0].record.attachments.size() == 5);
    LabRegistry again;
    REQUIRE_FALSE(lab.import(again).refusal());
    lab.check_arrived(again, "team/app");
    again->clear_log();
    REQUIRE_FALSE(lab.import(again).refusal());
    CHECK(again.changes() == 0);
  }
}

TEST_CASE("what was attached on the far side stays, and what comes is added") {
  Signed lab;
  lab.pack(lab.one_image());
  const auto other = make_artifact("made on the far side", &lab.root, kSignatureType);
  lab.far.push("team/app", "", other);
  lab.far->add_manifest("team/app", oci::referrers_tag(lab.root.digest), index_of({other.root}), oci::kOciIndex);
  REQUIRE_FALSE(lab.import(lab.far).refusal());
  lab.check_arrived(lab.far, "team/app");
  const auto& there = lab.far->at("team/app");
  const auto& list = there.manifests.at(lab.far.tag("team/app", oci::referrers_tag(lab.root.digest))).bytes;
  CHECK(list.find(other.root.digest.text()) != std::string::npos);
}

TEST_CASE("a docker archive cannot carry attachments and says so") {
  Signed lab;
  auto request = lab.request(lab.near.location("team/app:2.0"), "near.test/team/app:2.0");
  lab.near.push("team/app", "2.0", lab.two);
  lab.serve(lab.app.sign("2.0", lab.two.manifest), 2);
  lab.pack(request);
  REQUIRE_ERROR(usage, lab.import(*oci::make_docker_archive(lab.fs, lab.folder / "out.tar")));
  CHECK_FALSE(lab.fs.status(lab.folder / "out.tar"));
  CHECK_FALSE(lab.has_state());
  transfer::ImportOptions options;
  options.without_attachments = true;
  REQUIRE_FALSE(lab.import(*oci::make_docker_archive(lab.fs, lab.folder / "out.tar"), options).refusal());
}

TEST_CASE("attachments stay behind when that is asked for, on either side") {
  Signed lab;
  auto request = lab.one_image();
  request.without_attachments = true;
  CHECK(lab.pack(request).bundle.images[0].record.attachments.empty());
  CHECK_FALSE(lab.verify().refusal());

  lab.pack(lab.one_image());
  auto options = lab.into(lab.far);
  options.without_attachments = true;
  const auto outcome = lab.import(lab.far, options);
  REQUIRE_FALSE(outcome.refusal());
  CHECK(lab.far->tags() == std::vector<std::string>{"team/app:1.0"});
  for (const auto* artifact : lab.artifacts()) {
    CHECK_FALSE(lab.far->at("team/app").manifests.contains(artifact->root.digest.text()));
    CHECK_FALSE(lab.far->has_blob("team/app", digest_of(artifact->packed[0])));
  }
}

TEST_CASE("children that a platform filter leaves out take their attachments with them") {
  Signed lab;
  lab.two.manifest = make_image("arm", 1, oci::kOciManifest).manifest;
  const auto index = [&](const char* first, const char* second) {
    const auto with = [](const oci::Descriptor& descriptor, const std::string& platform) {
      std::string text = descriptor_json(descriptor);
      text.pop_back();
      return text + R"(,"platform":{"os":"linux","architecture":")" + platform + R"("}})";
    };
    return R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kOciIndex) + R"(","manifests":[)" +
           with(lab.one.root, first) + "," + with(lab.two.root, second) + "]}";
  };
  const auto text = index("amd64", "arm64");
  lab.near->add_manifest("team/app", "3.0", text, oci::kOciIndex);
  lab.serve(lab.app.sign("3.0", text), 2);
  auto request = lab.request(lab.near.location("team/app:3.0"), "near.test/team/app:3.0");
  request.platforms = {oci::parse_platform("linux/amd64")};
  CHECK(lab.pack(request).bundle.images[0].record.attachments.empty());
  CHECK_FALSE(lab.verify().refusal());
  request.platforms = {oci::parse_platform("linux/arm64")};
  CHECK(lab.pack(request).bundle.images[0].record.attachments.size() == 3);
  CHECK_FALSE(lab.verify().refusal());
}

TEST_CASE("an attachment that cannot be carried is an error") {
  Signed lab;
  auto& there = lab.near->at("team/app");
  SECTION("a blob is missing") { there.blobs.erase(digest_of(lab.nested.packed[0]).text()); }
  SECTION("a manifest is missing") {
    lab.near->add_manifest("team/app", oci::referrers_tag(lab.one.root.digest),
                           index_of({make_artifact("lost", &lab.one.root).root}), oci::kOciIndex);
  }
  SECTION("a list that is none") {
    lab.near->add_manifest("team/app", oci::referrers_tag(lab.one.root.digest), lab.sbom.manifest, oci::kOciManifest);
  }
  SECTION("the referrer names another subject") {
    lab.near->add_manifest("team/app", oci::referrers_tag(lab.one.root.digest), index_of({lab.sbom.root}),
                           oci::kOciIndex);
  }
  SECTION("the referrer names no subject") {
    lab.near->add_manifest("team/app", oci::referrers_tag(lab.one.root.digest), index_of({lab.cosign.root}),
                           oci::kOciIndex);
  }
  SECTION("an image lists itself") {
    lab.near->add_manifest("team/app", oci::referrers_tag(lab.root.digest), index_of({lab.root}), oci::kOciIndex);
  }
  SECTION("an artifact and its subject list each other") {
    lab.near->add_manifest("team/app", oci::referrers_tag(lab.sbom.root.digest), index_of({lab.two.root}),
                           oci::kOciIndex);
  }
  CHECK(error_of([&] { lab.pack(lab.one_image()); }));
  CHECK(lab.files().empty());
  auto request = lab.one_image();
  request.without_attachments = true;
  CHECK_FALSE(error_of([&] { lab.pack(request); }));
}

TEST_CASE("a blob that an attachment lacks in a layout is an error") {
  Signed lab;
  lab.pack(lab.one_image());
  lab.import(*oci::make_oci_folder(lab.fs, lab.folder / "oci", ""));
  lab.fs.remove(lab.folder / ("oci/blobs/sha256/" + digest_of(lab.nested.packed[0]).hex()));
  REQUIRE_ERROR(not_found, lab.pack(lab.request(oci::parse_location("oci:" + (lab.folder / "oci")))));
}

TEST_CASE("cosign's tag on the image itself ends, and travels") {
  Signed lab;
  lab.near->at("team/app").tags[oci::referrers_tag(lab.root.digest) + ".sig"] = lab.root.digest.text();
  const auto packed = lab.pack(lab.one_image());
  CHECK(packed.bundle.images[0].record.attachments.size() == 6);
  REQUIRE_FALSE(lab.import(lab.far).refusal());
  CHECK(lab.far.tag("team/app", oci::referrers_tag(lab.root.digest) + ".sig") == lab.root.digest.text());
}

TEST_CASE("attachments of attachments end somewhere") {
  Signed lab;
  std::vector<MadeImage> line{lab.nested};
  for (unsigned depth = 3; depth <= oci::kMaxAttachmentDepth + 1; ++depth) {
    line.push_back(make_artifact("depth " + std::to_string(depth), &line.back().root, kSignatureType));
  }
  for (std::size_t i = 1; i + 1 < line.size(); ++i) lab.near.push("team/app", "", line[i]);
  lab.pack(lab.one_image());
  CHECK_FALSE(lab.verify().refusal());
  lab.near.push("team/app", "", line.back());
  REQUIRE_ERROR(limit_exceeded, lab.pack(lab.one_image()));
}

TEST_CASE("a seal that lists attachments otherwise than they are is refused") {
  Signed lab;
  lab.pack(lab.one_image());
  using Records = std::vector<bundle::AttachmentRecord>;
  const auto forged = [&](const std::function<void(Records&)>& change) {
    lab.pack(lab.one_image());
    return error_of([&] {
      lab.forge([&](bundle::Statement& statement) { change(statement.images[0].attachments); });
      lab.verify();
    });
  };
  CHECK_FALSE(forged([](Records&) {}));
  CHECK(forged([&](Records& all) { all[0].subject = lab.one.root.digest; }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all[2].subject = lab.root.digest; }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all[4].subject = digest_of("nothing"); }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { std::swap(all[2], all[4]); }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all[1].subject = lab.two.root.digest; }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all[1].tag = oci::referrers_tag(lab.one.root.digest) + ".att"; }) ==
        ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all[1].tag = "latest"; }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) {
          all[1].kind = "referrer";
          all[1].tag.clear();
        }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all.pop_back(); }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all.erase(all.begin() + 2); }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all.clear(); }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all[0].artifact_type = "application/vnd.other"; }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all[0].artifact_type.clear(); }) == ErrorCode::malformed);
  CHECK(forged([&](Records& all) { all[0].media_type = std::string(oci::kDockerManifest); }));
  CHECK(forged([&](Records& all) { all[0].digest = lab.sbom.root.digest; }));
}

TEST_CASE("a registry that says another type of an artifact than its manifest does not get it into the seal") {
  Signed lab;
  lab.near->faults.no_referrers_api = true;
  std::string list = index_of({lab.signature.root});
  list.insert(list.rfind("}]}"), R"(,"artifactType":"application/vnd.forged")");
  lab.near->add_manifest("team/app", oci::referrers_tag(lab.root.digest), list, oci::kOciIndex);
  const auto packed = lab.pack(lab.one_image());
  CHECK(packed.bundle.images[0].record.attachments[0].artifact_type == kSignatureType);
}

}  // namespace gapstow::test
