// A tag that signs an index over the images of several platforms, where only the image of one platform is at hand.
#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "support/delivery_samples.h"
#include "support/error_of.h"
#include "support/transfer_lab.h"

namespace gapstow::test {
namespace {

const std::string kGun = "near.test/team/app";

/// The chain signs the index.
struct SignedIndex : Lab {
  SignedIndex() {
    for (const auto* image : {&one, &two}) near.push("team/app", "", *image);
    serve(app.sign("1.0", index));
  }
  LabRegistry near;
  SignedRepository app{kGun};
  MadeImage one = make_image("one", 2, oci::kOciManifest);
  MadeImage two = make_image("two", 1, oci::kOciManifest);
  std::string index = index_of({one.root, two.root});

  transfer::PackRequest from_registry() { return request(near.location("team/app:1.0"), kGun + ":1.0"); }
  /// An archive that holds these blobs, with the first image named.
  transfer::PackRequest from_archive(const std::map<digest::Digest, std::string>& blobs, const oci::Descriptor& named) {
    const std::string path = folder / "images.tar";
    const auto files = layout_files(blobs, layout_index({{"1.0", named}}));
    base::write_file(fs, path, base::to_bytes(tar_of(files)));
    return request(oci::parse_location("oci-archive:" + path), kGun + ":1.0");
  }
};

}  // namespace

TEST_CASE("a signed index is the target, with the images that it names") {
  SignedIndex lab;
  const auto root = lab.near->add_manifest("team/app", "1.0", lab.index, oci::kOciIndex);
  CHECK(lab.pack(lab.from_registry()).bundle.images[0].record.digest == root.digest);
  auto blobs = lab.one.blobs();
  blobs.merge(lab.two.blobs());
  blobs[root.digest] = lab.index;
  lab.fs.remove(lab.bundle);
  CHECK(lab.pack(lab.from_archive(blobs, root)).bundle.images[0].record.digest == root.digest);
}

TEST_CASE("the image of one platform is not the index that was signed") {
  SignedIndex lab;
  lab.near->add_manifest("team/app", "1.0", lab.one.manifest, lab.one.root.media_type);
  REQUIRE_ERROR(target_mismatch, lab.pack(lab.from_registry()));
  REQUIRE_ERROR(target_mismatch, lab.pack(lab.from_archive(lab.one.blobs(), lab.one.root)));
  CHECK_FALSE(lab.fs.status(lab.bundle));
}

}  // namespace gapstow::test
