// Images with attachments in the destinations that are files, and deliveries.
#include <catch2/catch.hpp>
#include <functional>

#include "gapstow/base/error.h"
#include "gapstow/base/fs.h"
#include "gapstow/oci/image_destination.h"
#include "support/error_of.h"
#include "support/oci_maker.h"
#include "support/temp_folder.h"

using namespace gapstow;
using base::ErrorCode;
using oci::Attachment;
using oci::Delivery;
using oci::ImageDestination;
using oci::ImageSource;
using oci::NamedImage;
using test::MadeImage;
using test::TempFolder;

namespace {

using Fate = Delivery::Blob::Fate;

const std::string kName = "localhost:5000/lab/app:1";

/// An image, a signature of it by subject, a signature of that one, and one by cosign's tag.
struct Attached {
  explicit Attached(const std::string& seed) : image(test::make_image(seed)) {
    const std::string tag = oci::referrers_tag(image.root.digest) + ".sig";
    attachments = {test::referrer_of(artifact, image.root),
                   {Attachment::Kind::cosign, image.root.digest, signature.root, {}, tag},
                   test::referrer_of(nested, artifact.root)};
  }
  NamedImage named(const std::string& name = kName) const {
    NamedImage named = image.named(name);
    named.attachments = attachments;
    return named;
  }
  std::vector<MadeImage> all() const { return {image, artifact, signature, nested}; }

  MadeImage image;
  MadeImage artifact = test::make_artifact("artifact", &image.root);
  MadeImage signature = test::make_artifact("signature of " + image.config, nullptr);
  MadeImage nested = test::make_artifact("nested", &artifact.root);
  std::vector<Attachment> attachments;
};

void check_found(ImageSource& source, const Attached& attached) {
  const auto& all = attached.attachments;
  CHECK(source.attachments(attached.image.root.digest) == std::vector<Attachment>{all[0], all[1]});
  CHECK(source.attachments(attached.artifact.root.digest) == std::vector<Attachment>{all[2]});
  CHECK(source.attachments(attached.nested.root.digest).empty());
  for (const auto& each : attached.all()) {
    for (const auto& [digest, bytes] : each.blobs()) {
      CHECK(test::drain(*source.open(test::blob_of(digest))) == bytes);
    }
  }
}

std::string read(const std::string& path) {
  base::SystemFs fs;
  return std::string(base::as_text(base::read_file(fs, path, 1 << 20)));
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::vector<Fate> fates(const ImageDestination& destination, std::size_t image) {
  std::vector<Fate> fates;
  const auto deliveries = destination.deliveries();
  for (const auto& blob : deliveries.at(image).blobs) fates.push_back(blob.fate);
  return fates;
}

}  // namespace

TEST_CASE("Attachments go round through layouts", "[destination]") {
  const Attached one("one");
  base::SystemFs fs;
  const TempFolder temp;
  test::write_images(*oci::make_oci_folder(fs, temp / "dir", {}), {one.named()}, one.all());
  test::write_images(*oci::make_oci_archive(fs, temp / "oci.tar", "v1"), {one.named()}, one.all());
  const auto folder = oci::open_oci_folder(fs, temp / "dir");
  const auto archive = oci::open_oci_archive(fs, temp / "oci.tar");
  for (auto* source : {folder.get(), archive.get()}) {
    REQUIRE(source->images().size() == 1);
    CHECK(source->images()[0].root.digest == one.image.root.digest);
    check_found(*source, one);
  }
  const std::string index = read(temp / "dir/index.json");
  CHECK(index.find(R"("io.containerd.manifest.subject":")" + one.image.root.digest.text()) != std::string::npos);
  CHECK(index.find(R"("artifactType":"application/vnd.example.signature")") != std::string::npos);
  CHECK(index.find(R"("org.opencontainers.image.ref.name":"localhost:5000/lab/app:)" + one.attachments[1].tag + "\"") !=
        std::string::npos);
}

TEST_CASE("Attachments are added to an existing layout, each once", "[destination]") {
  const Attached one("one");
  const Attached two("two");
  base::SystemFs fs;
  const TempFolder temp;
  const MadeImage plain = test::make_image("plain");
  test::write_images(*oci::make_oci_folder(fs, temp / "dir", {}), {plain.named("a.example/x:1")}, {plain});
  for (int i = 0; i < 2; ++i) {
    test::write_images(*oci::make_oci_folder(fs, temp / "dir", {}), {one.named()}, one.all());
    test::write_images(*oci::make_oci_folder(fs, temp / "dir", {}), {two.named("b.example/y:1")}, two.all());
  }
  const auto source = oci::open_oci_folder(fs, temp / "dir");
  CHECK(source->images().size() == 3);
  check_found(*source, one);
  check_found(*source, two);
  CHECK(source->attachments(plain.root.digest).empty());
  CHECK(count(read(temp / "dir/index.json"), "\"digest\"") == 3 + 2 * 3);
}

TEST_CASE("Images of one digest share their attachments", "[destination]") {
  const Attached one("one");
  base::SystemFs fs;
  const TempFolder temp;
  test::write_images(*oci::make_oci_folder(fs, temp / "dir", {}),
                     {one.named(), one.named("localhost:5000/lab/app:2"), one.named("quay.io/other:1")}, one.all());
  const auto source = oci::open_oci_folder(fs, temp / "dir");
  CHECK(source->images().size() == 3);
  check_found(*source, one);
  // Two referrers, and the tag in each of the two repositories.
  CHECK(count(read(temp / "dir/index.json"), "\"digest\"") == 3 + 2 + 2);
  NamedImage other = one.named("localhost:5000/lab/app:3");
  other.attachments[1].root = one.nested.root;
  CHECK(test::error_of([&] { oci::make_oci_archive(fs, temp / "a", {})->begin({one.named(), other}, {}); }) ==
        ErrorCode::conflict);
}

TEST_CASE("A docker archive refuses attachments", "[destination]") {
  const Attached one("one");
  base::SystemFs fs;
  const TempFolder temp;
  const auto destination = oci::make_docker_archive(fs, temp / "out");
  CHECK(test::error_of([&] { destination->begin({one.named()}, {}); }) == ErrorCode::usage);
  CHECK_FALSE(fs.status(temp / "out"));
}

TEST_CASE("More attachments than an index takes are refused", "[destination]") {
  NamedImage named = test::make_image("many").named(kName);
  for (std::size_t i = 0; i < oci::kMaxIndexEntries; ++i) {
    named.attachments.push_back({Attachment::Kind::referrer, named.root.digest,
                                 test::descriptor_of(std::to_string(i), oci::kOciManifest), "a/b", ""});
  }
  base::SystemFs fs;
  const TempFolder temp;
  CHECK(test::error_of([&] { oci::make_oci_archive(fs, temp / "a", {})->begin({named}, {}); }) ==
        ErrorCode::limit_exceeded);
  named.attachments.pop_back();
  CHECK_FALSE(test::error_of([&] { oci::make_oci_archive(fs, temp / "a", {})->begin({named}, {}); }));
}

TEST_CASE("The view in bundles does not name attachments", "[destination]") {
  const Attached one("one");
  CHECK(oci::index_json({one.named()}) == oci::index_json({one.image.named(kName)}));
}

TEST_CASE("Deliveries say what is written, in the order of begin()", "[destination]") {
  const MadeImage one = test::make_image("one", 1);
  const MadeImage two = test::make_image("two", 1);
  base::SystemFs fs;
  const TempFolder temp;
  const auto check = [&](ImageDestination& destination) {
    CHECK(destination.deliveries().empty());
    test::write_images(destination, {two.named(kName), one.named("a.example/x:1")}, {one, two});
    const auto deliveries = destination.deliveries();
    REQUIRE(deliveries.size() == 2);
    CHECK(deliveries[0].name == destination.description() + ":" + kName);
    CHECK(deliveries[1].name == destination.description() + ":a.example/x:1");
    REQUIRE(deliveries[0].blobs.size() == 3);
    CHECK(deliveries[0].blobs[0].blob.digest == two.root.digest);
    CHECK(deliveries[0].blobs[0].blob.media_type == two.root.media_type);
    CHECK(fates(destination, 0) == std::vector<Fate>(3, Fate::written));
    CHECK_FALSE(deliveries[0].failure);
    CHECK_FALSE(destination.holds(one.root.digest));
    CHECK_FALSE(destination.retries(one.root.digest, base::Error(ErrorCode::network, "cut")));
  };
  check(*oci::make_oci_folder(fs, temp / "dir", {}));
  check(*oci::make_oci_archive(fs, temp / "oci.tar", {}));
  check(*oci::make_docker_archive(fs, temp / "docker.tar"));
  const auto named = oci::make_oci_archive(fs, temp / "named.tar", "v1");
  test::write_images(*named, {one.named(kName)}, {one});
  CHECK(named->deliveries().at(0).name == "oci-archive:" + (temp / "named.tar") + ":v1");
}

TEST_CASE("Deliveries into an existing layout tell what was there", "[destination]") {
  const MadeImage image = test::make_image("there", 2);
  base::SystemFs fs;
  const TempFolder temp;
  test::write_images(*oci::make_oci_folder(fs, temp / "dir", {}), {image.named(kName)}, {image});
  const auto layer = [&](std::size_t i) {
    return temp / ("dir/blobs/sha256/" + test::digest_of(image.packed[i]).hex());
  };
  const auto first = fs.open_for_update(layer(0));
  first->write_at(0, base::as_bytes("damaged"));
  fs.remove(layer(1));
  const auto again = oci::make_oci_folder(fs, temp / "dir", {});
  again->begin({image.named(kName)}, image.plan());
  CHECK(fates(*again, 0) == std::vector<Fate>{Fate::present, Fate::present, Fate::present, Fate::written});
  CHECK_FALSE(again->holds(image.root.digest));
  for (const auto& [digest, bytes] : image.blobs()) {
    const auto sink = again->put(digest);
    sink->write(base::as_bytes(bytes));
    sink->finish();
  }
  again->commit();
  // What was there in its size only is written all the same.
  CHECK(fates(*again, 0) == std::vector<Fate>{Fate::present, Fate::present, Fate::written, Fate::written});
}
