#include "gapstow/oci/image_destination.h"

#include <rapidcheck.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "gapstow/base/error.h"
#include "gapstow/json/parse.h"
#include "support/error_of.h"
#include "support/faulty_fs.h"
#include "support/oci_maker.h"
#include "support/temp_folder.h"

using namespace gapstow;
using base::ErrorCode;
using oci::Binding;
using oci::ImageDestination;
using oci::NamedImage;
using test::MadeImage;
using test::TempFolder;

namespace {

namespace stdfs = std::filesystem;

const std::string kName = "localhost:5000/lab/app:1";

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Every file below a folder with its content.
std::map<std::string, std::string> tree(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : stdfs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().string().substr(folder.size());
    files[name] = entry.is_regular_file() ? slurp(entry.path().string()) : "folder";
  }
  return files;
}

using Make = std::function<std::unique_ptr<ImageDestination>(base::WriteFs&, const std::string&)>;

std::unique_ptr<ImageDestination> folder(base::WriteFs& fs, const std::string& path) {
  return oci::make_oci_folder(fs, path, {});
}
std::unique_ptr<ImageDestination> oci_archive(base::WriteFs& fs, const std::string& path) {
  return oci::make_oci_archive(fs, path, {});
}
std::unique_ptr<ImageDestination> docker_archive(base::WriteFs& fs, const std::string& path) {
  return oci::make_docker_archive(fs, path);
}

void check_holds(oci::ImageSource& source, const MadeImage& image, const std::string& name) {
  const auto found =
      std::ranges::find_if(source.images(), [&](const auto& each) { return each.root.digest == image.root.digest; });
  REQUIRE(found != source.images().end());
  CHECK(std::ranges::find(found->names, name) != found->names.end());
  for (const auto& [digest, bytes] : image.blobs()) CHECK(test::drain(*source.open(test::blob_of(digest))) == bytes);
}

NamedImage by_diff_ids(const MadeImage& image) {
  NamedImage named = image.named(kName);
  named.binding = Binding::diff_ids;
  named.docker->layers.clear();
  for (const auto& layer : image.plain) named.docker->layers.push_back(test::digest_of(layer));
  return named;
}

}  // namespace

TEST_CASE("Images go round through every destination", "[destination]") {
  const MadeImage one = test::make_image("one");
  const MadeImage two = test::make_image("two", 3, oci::kOciManifest);
  base::SystemFs fs;
  const TempFolder temp;
  const auto write = [&](std::unique_ptr<ImageDestination> destination) {
    test::write_images(*destination, {one.named(kName), two.named("quay.io/b/c:2")}, {one, two});
  };
  write(folder(fs, temp / "dir"));
  write(oci_archive(fs, temp / "oci.tar"));
  write(docker_archive(fs, temp / "docker.tar"));
  const auto from_folder = oci::open_oci_folder(fs, temp / "dir");
  const auto from_oci = oci::open_oci_archive(fs, temp / "oci.tar");
  const auto from_docker = oci::open_docker_archive(fs, temp / "docker.tar", {});
  for (auto* source : {from_folder.get(), from_oci.get(), from_docker.get()}) {
    check_holds(*source, one, kName);
    check_holds(*source, two, "quay.io/b/c:2");
  }
  CHECK(tree(temp.path()).size() == 3 + 4 + one.blobs().size() + two.blobs().size());
  CHECK(stdfs::file_size(temp / "oci.tar") % 512 == 0);
}

TEST_CASE("Archives are deterministic and in the promised order", "[destination]") {
  const MadeImage image = test::make_image("order");
  base::SystemFs fs;
  const TempFolder temp;
  for (const char* name : {"a.tar", "b.tar"}) {
    test::write_images(*docker_archive(fs, temp / name), {image.named(kName)}, {image});
  }
  CHECK(slurp(temp / "a.tar") == slurp(temp / "b.tar"));
  const std::string tar = slurp(temp / "a.tar");
  CHECK(tar.substr(0, 10) == "oci-layout");
  CHECK(tar.find("index.json") < tar.find("manifest.json"));
  CHECK(tar.find("manifest.json") < tar.find("blobs/sha256/" + image.root.digest.hex() + '\0'));
  CHECK(tar.substr(tar.size() - 1024) == std::string(1024, '\0'));
}

TEST_CASE("Blobs may be written by several threads at once", "[destination]") {
  const MadeImage image = test::make_image("threads", 8);
  base::SystemFs fs;
  const TempFolder temp;
  for (const Make& make : {Make(folder), Make(oci_archive)}) {
    const auto destination = make(fs, temp / "out");
    destination->begin({image.named(kName)}, image.plan());
    std::vector<std::thread> threads;
    for (const auto& [digest, bytes] : image.blobs()) {
      threads.emplace_back([&destination, name = digest, text = bytes] {
        const auto sink = destination->put(name);
        sink->write(base::as_bytes(text));
        sink->finish();
      });
    }
    for (auto& thread : threads) thread.join();
    destination->commit();
    const auto source = stdfs::is_directory(temp / "out") ? oci::open_oci_folder(fs, temp / "out")
                                                          : oci::open_oci_archive(fs, temp / "out");
    check_holds(*source, image, kName);
    stdfs::remove_all(temp / "out");
  }
}

TEST_CASE("Nothing is left behind without a commit", "[destination]") {
  const MadeImage image = test::make_image("dropped");
  base::SystemFs fs;
  const TempFolder temp;
  for (const Make& make : {Make(folder), Make(oci_archive), Make(docker_archive)}) {
    {
      const auto destination = make(fs, temp / "out");
      destination->begin({image.named(kName)}, image.plan());
      destination->put(image.root.digest)->write(base::as_bytes(image.manifest));
    }
    CHECK(tree(temp.path()).empty());
  }
}

TEST_CASE("A run that fails at any call leaves nothing under the final name", "[destination]") {
  const MadeImage image = test::make_image("faults");
  base::SystemFs system;
  for (const Make& make : {Make(folder), Make(oci_archive), Make(docker_archive)}) {
    for (std::uint64_t call = 1;; ++call) {
      const TempFolder temp;
      test::FaultyFs fs(system, call);
      const auto failure =
          test::error_of([&] { test::write_images(*make(fs, temp / "out"), {image.named(kName)}, {image}); });
      if (!fs.has_failed()) break;
      INFO(call << " " << fs.failed_call());
      // Hints may fail without harm, everything else must be told.
      if (failure) {
        REQUIRE(base::exit_code(*failure) == 3);
        const auto left = tree(temp.path());
        if (fs.failed_call() != "remove") REQUIRE(left.empty());
      }
    }
  }
}

TEST_CASE("An existing layout that cannot be added to stays as it was", "[destination]") {
  const MadeImage old = test::make_image("old");
  const MadeImage image = test::make_image("new");
  base::SystemFs system;
  for (std::uint64_t call = 1;; ++call) {
    const TempFolder temp;
    test::write_images(*folder(system, temp / "dir"), {old.named(kName)}, {old});
    const auto before = tree(temp.path());
    test::FaultyFs fs(system, call);
    const auto failure =
        test::error_of([&] { test::write_images(*folder(fs, temp / "dir"), {image.named("b.example/x:1")}, {image}); });
    if (!fs.has_failed()) break;
    if (!failure) continue;
    INFO(call << " " << fs.failed_call());
    const auto source = oci::open_oci_folder(system, temp / "dir");
    check_holds(*source, old, kName);
    if (source->images().size() == 1) {
      REQUIRE(tree(temp.path()) == before);
    } else {
      check_holds(*source, image, "b.example/x:1");
    }
  }
}

TEST_CASE("An existing layout keeps its other entries and its blobs", "[destination]") {
  const MadeImage one = test::make_image("one");
  const MadeImage two = test::make_image("two");
  base::SystemFs fs;
  const TempFolder temp;
  test::write_images(*folder(fs, temp / "dir"), {one.named(kName)}, {one});
  std::string index = slurp(temp / "dir/index.json");
  index.insert(1, R"("annotations":{"made":"elsewhere"},)");
  const std::string other = test::descriptor_json(test::descriptor_of("x", "application/other"));
  index.insert(index.find("\"manifests\":[") + 13, other + ",");
  std::ofstream(temp / "dir/index.json") << index;
  const std::string kept = temp / ("dir/blobs/sha256/" + one.root.digest.hex());
  const auto written = stdfs::last_write_time(kept);
  test::write_images(*folder(fs, temp / "dir/"), {one.named("a.example/x:1"), two.named(kName)}, {one, two});
  CHECK(stdfs::last_write_time(kept) == written);
  const auto source = oci::open_oci_folder(fs, temp / "dir");
  CHECK(source->images().size() == 2);  // the old entry of kName gave way
  check_holds(*source, one, "a.example/x:1");
  check_holds(*source, two, kName);
  const std::string merged = slurp(temp / "dir/index.json");
  CHECK(merged.find("elsewhere") != std::string::npos);
  CHECK(merged.find("application/other") != std::string::npos);
}

TEST_CASE("A damaged blob in an existing layout is replaced", "[destination]") {
  const MadeImage image = test::make_image("repair");
  base::SystemFs fs;
  const TempFolder temp;
  test::write_images(*folder(fs, temp / "dir"), {image.named(kName)}, {image});
  const std::string first = temp / ("dir/blobs/sha256/" + test::digest_of(image.packed[0]).hex());
  const std::string second = temp / ("dir/blobs/sha256/" + test::digest_of(image.packed[1]).hex());
  std::string bad = image.packed[0];
  bad[bad.size() - 1] ^= 1;
  std::ofstream(first, std::ios::binary) << bad;
  std::ofstream(second) << "short";
  test::write_images(*folder(fs, temp / "dir"), {image.named(kName)}, {image});
  CHECK(slurp(first) == image.packed[0]);
  CHECK(slurp(second) == image.packed[1]);
  check_holds(*oci::open_oci_folder(fs, temp / "dir"), image, kName);
  CHECK(tree(temp / "dir").size() == 4 + image.blobs().size());
}

TEST_CASE("An empty folder becomes a layout", "[destination]") {
  const MadeImage image = test::make_image("empty");
  base::SystemFs fs;
  const TempFolder temp;
  {
    const auto dropped = folder(fs, temp.path());
    dropped->begin({image.named(kName)}, image.plan());
  }
  CHECK(tree(temp.path()).empty());
  test::write_images(*folder(fs, temp.path()), {image.named(kName)}, {image});
  check_holds(*oci::open_oci_folder(fs, temp.path()), image, kName);
}

TEST_CASE("What is in the way is left alone", "[destination]") {
  base::SystemFs fs;
  const TempFolder temp;
  std::ofstream(temp / "file") << "x";
  stdfs::create_directory(temp / "full");
  std::ofstream(temp / "full/file") << "x";
  REQUIRE(::mkfifo((temp / "pipe").c_str(), 0600) == 0);
  const auto before_file = slurp(temp / "file");
  CHECK(test::error_of([&] { folder(fs, temp / "file"); }) == ErrorCode::conflict);
  CHECK(test::error_of([&] { folder(fs, temp / "full"); }) == ErrorCode::conflict);
  for (const Make& make : {Make(oci_archive), Make(docker_archive)}) {
    CHECK(test::error_of([&] { make(fs, temp / "full"); }) == ErrorCode::conflict);
    CHECK(test::error_of([&] { make(fs, temp / "pipe"); }) == ErrorCode::conflict);
    CHECK(test::error_of([&] { make(fs, "/dev/full"); }) == ErrorCode::conflict);
  }
  CHECK(slurp(temp / "file") == before_file);
  // A file of the same kind is replaced, wholly.
  const MadeImage image = test::make_image("replace");
  test::write_images(*oci_archive(fs, temp / "file"), {image.named(kName)}, {image});
  check_holds(*oci::open_oci_archive(fs, temp / "file"), image, kName);
}

TEST_CASE("Other versions of a layout are not added to", "[destination]") {
  base::SystemFs fs;
  const TempFolder temp;
  std::ofstream(temp / "oci-layout") << R"({"imageLayoutVersion":"2.0.0"})";
  CHECK(test::error_of([&] { folder(fs, temp.path()); }) == ErrorCode::unsupported);
  std::ofstream(temp / "oci-layout") << R"({"imageLayoutVersion":"1.0.0"})";
  CHECK(test::error_of([&] { folder(fs, temp.path()); }) == ErrorCode::conflict);
  std::ofstream(temp / "index.json") << R"({"schemaVersion":2,"manifests":{}})";
  CHECK(test::error_of([&] { folder(fs, temp.path()); }) == ErrorCode::conflict);
}

TEST_CASE("Exactly what was announced must be written", "[destination]") {
  const MadeImage image = test::make_image("exact");
  base::SystemFs fs;
  const TempFolder temp;
  for (const Make& make : {Make(folder), Make(oci_archive)}) {
    const auto destination = make(fs, temp / "out");
    destination->begin({image.named(kName)}, image.plan());
    CHECK(test::error_of([&] { destination->commit(); }) == ErrorCode::internal);
    CHECK(test::error_of([&] { destination->put(test::digest_of("other")); }) == ErrorCode::internal);
    const auto sink = destination->put(image.root.digest);
    CHECK(test::error_of([&] { destination->put(image.root.digest); }) == ErrorCode::internal);
    CHECK(test::error_of([&] { sink->write(base::as_bytes(image.manifest + "x")); }) == ErrorCode::internal);
    CHECK(test::error_of([&] { sink->finish(); }) == ErrorCode::internal);
  }
  const auto twice = oci_archive(fs, temp / "out");
  auto plan = image.plan();
  plan.push_back(plan.front());
  CHECK(test::error_of([&] { twice->begin({image.named(kName)}, plan); }) == ErrorCode::internal);
}

TEST_CASE("Images bound by diff_ids go into docker archives only", "[destination]") {
  const MadeImage image = test::make_image("diff");
  base::SystemFs fs;
  const TempFolder temp;
  for (const Make& make : {Make(folder), Make(oci_archive)}) {
    CHECK(test::error_of([&] { make(fs, temp / "out")->begin({by_diff_ids(image)}, {}); }) ==
          ErrorCode::digest_unavailable);
  }
  MadeImage plain = image;
  plain.packed = image.plain;
  test::write_images(*docker_archive(fs, temp / "out"), {by_diff_ids(image)}, {plain});
  CHECK(slurp(temp / "out").substr(0, 13) == "manifest.json");
  const auto source = oci::open_docker_archive(fs, temp / "out", {base::to_bytes(image.manifest)});
  REQUIRE(source->images().size() == 1);
  CHECK(source->images()[0].binding == Binding::diff_ids);
  CHECK(source->images()[0].root == image.root);
}

TEST_CASE("A docker archive refuses what it cannot show", "[destination]") {
  NamedImage index = test::make_image("index").named(kName);
  index.docker.reset();
  base::SystemFs fs;
  const TempFolder temp;
  CHECK(test::error_of([&] { docker_archive(fs, temp / "out")->begin({index}, {}); }) == ErrorCode::digest_unavailable);
  CHECK(tree(temp.path()).empty());
}

TEST_CASE("A REF names one image", "[destination]") {
  const MadeImage one = test::make_image("one");
  const MadeImage two = test::make_image("two");
  base::SystemFs fs;
  const TempFolder temp;
  test::write_images(*oci::make_oci_folder(fs, temp / "dir", "v1"), {one.named(kName)}, {one});
  const auto source = oci::open_oci_folder(fs, temp / "dir");
  CHECK(source->images().at(0).names == std::vector<std::string>{"v1", kName});
  CHECK(test::error_of([&] {
          oci::make_oci_archive(fs, temp / "a", "v1")->begin({one.named(kName), two.named(kName)}, {});
        }) == ErrorCode::usage);
  CHECK(test::error_of([&] { oci::make_oci_archive(fs, temp / "a", "a b")->begin({one.named(kName)}, {}); }) ==
        ErrorCode::invalid_reference);
}

TEST_CASE("The views are exact", "[destination]") {
  const MadeImage image = test::make_image("views", 1);
  const std::string config = test::digest_of(image.config).hex();
  const std::string layer = test::digest_of(image.packed[0]).hex();
  CHECK(oci::oci_layout_json() == R"({"imageLayoutVersion":"1.0.0"})");
  NamedImage named = image.named("docker.io/library/app:1");
  named.root.platform = oci::Platform{"linux", "amd64", ""};
  named.root.annotations["other"] = "left out";
  CHECK(oci::index_json({named}) ==
        R"({"manifests":[{"annotations":{"io.containerd.image.name":"docker.io/library/app:1",)"
        R"("org.opencontainers.image.ref.name":"docker.io/library/app:1"},"digest":")" +
            image.root.digest.text() + R"(","mediaType":")" + std::string(oci::kDockerManifest) + R"(","size":)" +
            std::to_string(image.manifest.size()) +
            R"(}],"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2})");
  CHECK(oci::docker_manifest_json({named, image.named("docker.io/library/app:2")}) ==
        R"([{"Config":"blobs/sha256/)" + config + R"(","Layers":["blobs/sha256/)" + layer +
            R"("],"RepoTags":["app:1","app:2"]}])");
  const std::string digest_only = "quay.io/app@" + image.root.digest.text();
  CHECK(oci::docker_manifest_json({image.named(digest_only)}).find("\"RepoTags\":[]") != std::string::npos);
  named.docker.reset();
  CHECK(oci::docker_manifest_json({named}).empty());
  named.binding = Binding::diff_ids;
  CHECK(oci::index_json({named}) ==
        R"({"manifests":[],"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2})");
}

TEST_CASE("Any images survive any destination", "[destination]") {
  base::SystemFs fs;
  CHECK(rc::check("round trip", [&] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 4);
    std::vector<MadeImage> images;
    std::vector<NamedImage> named;
    for (std::size_t i = 0; i < count; ++i) {
      images.push_back(test::make_image(std::to_string(*rc::gen::inRange(0, 3)), *rc::gen::inRange<std::size_t>(0, 4)));
      named.push_back(images.back().named("a.example/x:" + std::to_string(i)));
    }
    const TempFolder temp;
    test::write_images(*oci_archive(fs, temp / "a"), named, images);
    test::write_images(*folder(fs, temp / "d"), named, images);
    const auto archive = oci::open_oci_archive(fs, temp / "a");
    const auto dir = oci::open_oci_folder(fs, temp / "d");
    RC_ASSERT(archive->images().size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      for (auto* source : {archive.get(), dir.get()}) {
        RC_ASSERT(source->images()[i].root == [&] {
          auto root = images[i].root;
          root.annotations = source->images()[i].root.annotations;
          return root;
        }());
        RC_ASSERT(source->images()[i].names.front() == named[i].reference);
        for (const auto& [digest, bytes] : images[i].blobs())
          RC_ASSERT(test::drain(*source->open(test::blob_of(digest))) == bytes);
      }
    }
  }));
}
