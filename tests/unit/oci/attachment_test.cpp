#include "gapstow/oci/attachment.h"

#include <catch2/catch.hpp>

#include "gapstow/base/error.h"
#include "gapstow/oci/image_source.h"
#include "support/error_of.h"
#include "support/oci_maker.h"

using namespace gapstow;
using base::ErrorCode;
using oci::Attachment;
using oci::Descriptor;
using oci::ImageSource;
using test::MadeImage;
using test::MemoryFs;

namespace {

using Blobs = std::map<digest::Digest, std::string>;
using Entries = std::vector<std::pair<std::string, Descriptor>>;

const std::string kName = "registry.example/app:1";

/// A layout in memory; the file system outlives the source.
struct Layout {
  Layout(const Blobs& blobs, const std::string& index, bool compressed = false) {
    const std::string tar = test::tar_of(test::layout_files(blobs, index));
    fs.add("a.tar", compressed ? test::gzip(tar) : tar);
    source = oci::open_oci_archive(fs, "a.tar");
  }
  Layout(const Blobs& blobs, const Entries& entries) : Layout(blobs, test::layout_index(entries)) {}
  std::vector<Attachment> of(const Descriptor& subject) { return source->attachments(subject.digest); }
  std::optional<ErrorCode> failure(const Descriptor& subject) {
    return test::error_of([&] { of(subject); });
  }
  MemoryFs fs;
  std::unique_ptr<ImageSource> source;
};

Blobs blobs_of(const std::vector<MadeImage>& images) {
  Blobs all;
  for (const auto& image : images) all.merge(image.blobs());
  return all;
}

/// Adds a document as a blob.
Descriptor put(Blobs& blobs, const std::string& bytes, std::string_view media_type) {
  blobs.emplace(test::digest_of(bytes), bytes);
  return test::descriptor_of(bytes, media_type);
}

Descriptor put_index(Blobs& blobs, const Entries& entries) {
  return put(blobs, test::layout_index(entries), oci::kOciIndex);
}

Attachment cosign_of(const MadeImage& artifact, const Descriptor& subject, const std::string& suffix = ".sig") {
  return {Attachment::Kind::cosign, subject.digest, artifact.root, {}, oci::referrers_tag(subject.digest) + suffix};
}

}  // namespace

TEST_CASE("Tags name the subjects that they belong to", "[attachment]") {
  const auto subject = test::digest_of("subject");
  const std::string stem = "sha256-" + subject.hex();
  CHECK(oci::referrers_tag(subject) == stem);
  CHECK(oci::referrers_tag(digest::sha512(base::as_bytes("x"))).size() == 7 + 64);
  for (const char* suffix : {".sig", ".att", ".sbom"}) CHECK(oci::is_cosign_tag(stem + suffix, subject));
  for (const std::string& tag : {stem, stem + ".", stem + ".SIG", stem + ".sig.sig", stem + ".sign", stem + "sig",
                                 stem.substr(1) + ".sig", std::string(".sig"), std::string()}) {
    INFO(tag);
    CHECK_FALSE(oci::is_cosign_tag(tag, subject));
  }
  CHECK_FALSE(oci::is_cosign_tag(stem + ".sig", test::digest_of("other")));
  CHECK_FALSE(oci::is_cosign_tag("sha256-.sig", {}));
}

TEST_CASE("Attachments are found by the subject that they name", "[attachment]") {
  const MadeImage image = test::make_image("image");
  const MadeImage typed = test::make_artifact("typed", &image.root);
  const MadeImage plain = test::make_artifact("plain", &image.root, "");
  const MadeImage second = test::make_artifact("second", &typed.root);
  const MadeImage stranger = test::make_image("stranger");
  const Blobs blobs = blobs_of({image, typed, plain, second, stranger});
  const std::string index = test::layout_index(
      {{kName, image.root}, {"", typed.root}, {"v1", plain.root}, {"", second.root}, {"s", stranger.root}});
  for (const bool compressed : {false, true}) {
    Layout layout(blobs, index, compressed);
    REQUIRE(layout.source->images().size() == 2);
    CHECK(layout.source->images()[0].root.digest == image.root.digest);
    CHECK(layout.source->images()[1].root.digest == stranger.root.digest);
    std::vector<Attachment> expected{test::referrer_of(typed, image.root),
                                     test::referrer_of(plain, image.root, "application/vnd.oci.empty.v1+json")};
    if (expected[1].root.digest < expected[0].root.digest) std::swap(expected[0], expected[1]);
    CHECK(layout.of(image.root) == expected);
    CHECK(layout.of(typed.root) == std::vector<Attachment>{test::referrer_of(second, typed.root)});
    CHECK(layout.of(second.root).empty());
    CHECK(layout.of(stranger.root).empty());
  }
}

TEST_CASE("Attachments are found in nested indexes, and indexes may be attached", "[attachment]") {
  const MadeImage image = test::make_image("image");
  const MadeImage inner = test::make_artifact("inner", &image.root);
  Blobs blobs = blobs_of({image, inner});
  std::string text = test::layout_index({{"", test::descriptor_of("left out", oci::kOciManifest)}});
  text.insert(1, R"("artifactType":"a/b","subject":)" + test::descriptor_json(image.root) + ",");
  const Descriptor attached = put(blobs, text, oci::kOciIndex);
  Descriptor nested = put_index(blobs, {{"", image.root}, {"", inner.root}, {"", attached}});
  for (unsigned depth = 2; depth < oci::kMaxIndexDepth; ++depth) nested = put_index(blobs, {{"", nested}});
  Layout layout(blobs, Entries{{kName, nested}});
  CHECK(layout.source->images().size() == 1);
  const auto found = layout.of(image.root);
  REQUIRE(found.size() == 2);
  CHECK(found[0].root.digest != found[1].root.digest);
  for (const auto& each : found) {
    const bool is_inner = each.root.digest == inner.root.digest;
    CHECK(each.root == (is_inner ? inner.root : attached));
    CHECK(each.artifact_type == (is_inner ? "application/vnd.example.signature" : "a/b"));
  }
  nested = put_index(blobs, {{"", nested}});
  CHECK(Layout(blobs, Entries{{kName, nested}}).failure(image.root) == ErrorCode::limit_exceeded);
}

TEST_CASE("A fallback tag leads to attachments, and promises that they are there", "[attachment]") {
  const MadeImage image = test::make_image("image");
  const MadeImage artifact = test::make_artifact("artifact", &image.root);
  const MadeImage liar = test::make_artifact("liar", nullptr);
  const std::string tag = oci::referrers_tag(image.root.digest);
  Blobs blobs = blobs_of({image, artifact, liar});
  const Descriptor list = put_index(blobs, {{"", artifact.root}, {"", liar.root}});
  for (const std::string& name : {tag, "registry.example:5000/app:" + tag}) {
    Layout layout(blobs, Entries{{kName, image.root}, {name, list}, {"", artifact.root}, {"", list}});
    CHECK(layout.of(image.root) == std::vector<Attachment>{test::referrer_of(artifact, image.root)});
    CHECK(layout.source->images().size() == 2);  // the image, and the list where it has no name
  }
  blobs.erase(artifact.root.digest);
  Layout missing(blobs, Entries{{kName, image.root}, {"", list}, {tag, list}});
  CHECK(missing.failure(image.root) == ErrorCode::not_found);
  CHECK_FALSE(missing.failure(artifact.root));
  CHECK_FALSE(Layout(blobs, Entries{{kName, image.root}, {"", list}}).failure(image.root));
  const Descriptor strange =
      put_index(blobs, {{"", put(blobs, "{}", "application/vnd.oci.artifact.manifest.v1+json")}});
  CHECK(Layout(blobs, Entries{{kName, image.root}, {tag, strange}}).failure(image.root) == ErrorCode::unsupported);
}

TEST_CASE("Cosign's tags are found under bare and full names", "[attachment]") {
  const MadeImage image = test::make_image("image");
  const MadeImage signature = test::make_artifact("signature", nullptr);
  const MadeImage sbom = test::make_artifact("sbom", &image.root);
  const std::string stem = oci::referrers_tag(image.root.digest);
  const Blobs blobs = blobs_of({image, signature, sbom});
  Layout layout(blobs, Entries{{kName, image.root},
                               {stem + ".sig", signature.root},
                               {"localhost:5000/app:" + stem + ".sig", signature.root},
                               {"app:" + stem + ".sbom", sbom.root}});
  REQUIRE(layout.source->images().size() == 1);
  const auto found = layout.of(image.root);
  REQUIRE(found.size() == 3);
  CHECK(found[0] == test::referrer_of(sbom, image.root));
  CHECK(std::ranges::find(found, cosign_of(signature, image.root)) != found.end());
  CHECK(std::ranges::find(found, cosign_of(sbom, image.root, ".sbom")) != found.end());
  Layout torn(blobs, Entries{{kName, image.root},
                             {"a.example/app:" + stem + ".sig", signature.root},
                             {"b.example/app:" + stem + ".sig", sbom.root}});
  CHECK(torn.failure(image.root) == ErrorCode::conflict);
  Layout strange(blobs, Entries{{kName, image.root}, {stem + ".sig", test::descriptor_of("x", "application/other")}});
  CHECK(strange.failure(image.root) == ErrorCode::unsupported);
}

TEST_CASE("Attachments that are missing or lie are errors", "[attachment]") {
  const MadeImage image = test::make_image("image");
  const MadeImage artifact = test::make_artifact("artifact", &image.root);
  const Blobs good = blobs_of({image, artifact});
  const Entries entries{{kName, image.root}, {"", artifact.root}};
  Blobs blobs = good;
  blobs.erase(artifact.root.digest);
  CHECK(Layout(blobs, entries).failure(image.root) == ErrorCode::not_found);
  const auto with = [&](std::string bytes) {
    blobs = good;
    blobs[artifact.root.digest] = std::move(bytes);
    Layout layout(blobs, entries);
    CHECK(layout.failure(image.root) == ErrorCode::digest_mismatch);
    CHECK(layout.failure(image.root) == ErrorCode::digest_mismatch);  // and stays so
    CHECK(layout.source->images().size() == 2);
  };
  with(artifact.manifest + " ");
  with(std::string(artifact.manifest.size(), ' '));
  // Two documents that name each other, which honest digests cannot do.
  Descriptor self = artifact.root;
  with(test::make_artifact("artifact", &self).manifest);
  blobs = good;
  const Descriptor broken = put(blobs, R"({"schemaVersion":2,"manifests":{}})", oci::kOciIndex);
  CHECK(Layout(blobs, Entries{{kName, image.root}, {"", broken}}).failure(image.root) == ErrorCode::malformed);
  Descriptor large = artifact.root;
  large.size = oci::kMaxManifestBytes + 1;
  CHECK(Layout(good, Entries{{kName, image.root}, {"", large}}).failure(image.root) == ErrorCode::limit_exceeded);
}

TEST_CASE("Chains and circles of attachments end", "[attachment]") {
  std::vector<MadeImage> chain{test::make_image("image")};
  Entries entries{{kName, chain[0].root}};
  for (int i = 0; i < 20; ++i) {
    chain.push_back(test::make_artifact(std::to_string(i), &chain.back().root));
    entries.emplace_back("", chain.back().root);
  }
  Blobs blobs = blobs_of(chain);
  Layout layout(blobs, entries);
  CHECK(layout.source->images().size() == 1);
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    REQUIRE(layout.of(chain[i].root) == std::vector<Attachment>{test::referrer_of(chain[i + 1], chain[i].root)});
  }
  // Subjects need not be there, nor be of a sane kind.
  const Descriptor absent = test::descriptor_of("absent", oci::kOciManifest);
  const MadeImage orphan = test::make_artifact("orphan", &absent);
  Layout lonely(orphan.blobs(), Entries{{"", orphan.root}, {"", orphan.root}});
  CHECK(lonely.of(absent) == std::vector<Attachment>{test::referrer_of(orphan, absent)});
}

TEST_CASE("A layout of nothing but attachments offers them", "[attachment]") {
  const MadeImage image = test::make_image("image");
  const MadeImage artifact = test::make_artifact("artifact", &image.root);
  const std::string tag = oci::referrers_tag(image.root.digest) + ".sig";
  CHECK(Layout(artifact.blobs(), Entries{{tag, artifact.root}}).source->images().size() == 1);
  CHECK(Layout(artifact.blobs(), Entries{{"a", artifact.root}, {tag, artifact.root}}).source->images().size() == 2);
}

TEST_CASE("Attestations within an index stay part of it", "[attachment]") {
  const MadeImage image = test::make_image("image");
  const MadeImage attestation = test::make_artifact("attestation", nullptr);
  Blobs blobs = blobs_of({image, attestation});
  std::string text = test::layout_index({{"", image.root}, {"", attestation.root}});
  text.insert(text.rfind("}]}"), R"(,"platform":{"os":"unknown","architecture":"unknown"},"annotations":)"
                                 R"({"vnd.docker.reference.type":"attestation-manifest"})");
  const Descriptor index = put(blobs, text, oci::kOciIndex);
  Layout layout(blobs, Entries{{kName, index}});
  REQUIRE(layout.source->images().size() == 1);
  CHECK(layout.source->images()[0].root.digest == index.digest);
  CHECK(layout.of(image.root).empty());
  CHECK(layout.of(index).empty());
}

TEST_CASE("Too many manifests are refused", "[attachment]") {
  Blobs blobs;
  Entries entries;
  Entries absent;
  for (std::size_t i = 0; i < oci::kMaxIndexEntries; ++i) {
    absent.emplace_back("", test::descriptor_of(std::to_string(i), oci::kOciManifest));
  }
  const std::string many = test::layout_index(absent);
  for (std::size_t i = 0; i < 13; ++i) {
    entries.emplace_back(kName, put(blobs, many + std::string(i, ' '), oci::kOciIndex));
  }
  Layout layout(blobs, entries);
  CHECK(layout.failure(entries[0].second) == ErrorCode::limit_exceeded);
}

TEST_CASE("Manifests are found by digest, listed or not", "[attachment]") {
  const MadeImage image = test::make_image("image");
  const MadeImage artifact = test::make_artifact("artifact", &image.root);
  Blobs blobs = blobs_of({image, artifact});
  const Descriptor index = put_index(blobs, {{"", image.root}});
  blobs[test::digest_of("evil")] = "good";
  blobs.emplace(test::digest_of(std::string(oci::kMaxManifestBytes + 1, ' ')),
                std::string(oci::kMaxManifestBytes + 1, ' '));
  Layout layout(blobs, Entries{{kName, image.root}, {"", artifact.root}});
  ImageSource& source = *layout.source;
  CHECK(source.find_manifest(image.root.digest)->names == std::vector<std::string>{kName});
  CHECK(source.find_manifest(artifact.root.digest)->root == artifact.root);
  CHECK(source.find_manifest(index.digest)->root == index);
  CHECK_FALSE(source.find_manifest(test::digest_of(image.config)));
  CHECK_FALSE(source.find_manifest(test::digest_of("absent")));
  CHECK_FALSE(source.find_manifest(test::digest_of(std::string(oci::kMaxManifestBytes + 1, ' '))));
  CHECK(test::error_of([&] { source.find_manifest(test::digest_of("evil")); }) == ErrorCode::digest_mismatch);
  CHECK_FALSE(source.find_tag("1"));
  CHECK(source.tags().empty());
}
