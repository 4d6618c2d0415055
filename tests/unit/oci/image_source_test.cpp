#include "gapstow/oci/image_source.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "gapstow/base/error.h"
#include "support/error_of.h"
#include "support/oci_maker.h"
#include "support/temp_folder.h"

using namespace gapstow;
using base::ErrorCode;
using oci::Binding;
using oci::ImageSource;
using test::MadeImage;
using test::MemoryFs;

namespace {

using Files = std::map<std::string, std::string>;

const std::string kSamples = std::string(GAPSTOW_SOURCE_DIR) + "/samples/images/";
const std::string kSigned = "sha256:26d9806711662d30c46e68b055e80b61c06743a9cac4d514e4d4353ab153beab";

std::string content(ImageSource& source, const digest::Digest& digest) {
  const oci::Descriptor blob = test::blob_of(digest);
  REQUIRE(source.find(blob));
  const std::string bytes = test::drain(*source.open(blob));
  CHECK(*source.find(blob) == bytes.size());
  return bytes;
}

Files layout_of(const MadeImage& image, const std::string& name = "registry.example/app:1") {
  return test::layout_files(image.blobs(), test::layout_index({{name, image.root}}));
}

std::string docker_item(const std::string& config, const std::vector<std::string>& layers, const std::string& tag) {
  std::string list;
  for (const auto& layer : layers) list += (list.empty() ? "\"" : ",\"") + layer + "\"";
  return R"({"Config":")" + config + R"(","RepoTags":[")" + tag + R"("],"Layers":[)" + list + "]}";
}

/// A classic archive: configuration and layers in files of their own; `layers` are the contents.
Files classic_of(const MadeImage& image, const std::vector<std::string>& layers) {
  Files files;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    names.push_back("id" + std::to_string(i) + "/layer.tar");
    files[names.back()] = layers[i];
  }
  const std::string config = test::digest_of(image.config).hex() + ".json";
  files[config] = image.config;
  files["manifest.json"] = "[" + docker_item(config, names, "registry.example/app:1") + "]";
  return files;
}

/// What Docker 25 saves from a classic store: a layout with its own manifest over uncompressed layers.
Files docker25_of(const MadeImage& image) {
  MadeImage own = image;
  own.packed = image.plain;
  std::string layers;
  std::vector<std::string> names;
  for (const auto& layer : own.plain) {
    layers += (layers.empty() ? "" : ",") +
              test::descriptor_json(test::descriptor_of(layer, "application/vnd.oci.image.layer.v1.tar"));
    names.push_back("blobs/sha256/" + test::digest_of(layer).hex());
  }
  own.manifest = R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kOciManifest) + R"(","config":)" +
                 test::descriptor_json(test::descriptor_of(own.config, "application/vnd.oci.image.config.v1+json")) +
                 R"(,"layers":[)" + layers + "]}";
  own.root = test::descriptor_of(own.manifest, oci::kOciManifest);
  Files files = test::layout_files(own.blobs(), test::layout_index({{"1", own.root}}));
  files["manifest.json"] =
      "[" + docker_item("blobs/sha256/" + test::digest_of(image.config).hex(), names, "registry.example/app:1") + "]";
  return files;
}

std::unique_ptr<ImageSource> open_docker(const Files& files, const std::vector<std::string>& manifests = {}) {
  MemoryFs fs("a.tar", test::tar_of(files));
  std::vector<base::Bytes> given;
  for (const auto& text : manifests) given.push_back(base::to_bytes(text));
  return oci::open_docker_archive(fs, "a.tar", given);
}

std::optional<ErrorCode> docker_failure(const Files& files, const std::vector<std::string>& manifests = {}) {
  return test::error_of([&] { open_docker(files, manifests); });
}

std::optional<ErrorCode> layout_failure(const Files& files) {
  MemoryFs fs("a.tar", test::tar_of(files));
  return test::error_of([&] { oci::open_oci_archive(fs, "a.tar"); });
}

void check_complete(ImageSource& source, const MadeImage& image) {
  REQUIRE(source.images().size() == 1);
  CHECK(source.images()[0].root.digest == image.root.digest);
  CHECK(source.images()[0].binding == Binding::manifest);
  CHECK(source.images()[0].has_manifest);
  CHECK(source.images()[0].names.at(0) == "registry.example/app:1");
  for (const auto& [digest, bytes] : image.blobs()) CHECK(content(source, digest) == bytes);
  CHECK_FALSE(source.find(test::blob_of(test::digest_of("absent"))));
  CHECK(test::error_of([&] { source.open(test::blob_of(test::digest_of("absent"))); }) == ErrorCode::not_found);
}

}  // namespace

TEST_CASE("Locations are parsed", "[source]") {
  using Transport = oci::ImageLocation::Transport;
  const auto plain = oci::parse_location("oci-archive:dir/app.tar");
  CHECK(plain.transport == Transport::oci_archive);
  CHECK(plain.path == "dir/app.tar");
  CHECK(plain.reference.empty());
  const auto named = oci::parse_location("oci:dir:localhost:5000/app:1");
  CHECK(named.path == "dir");
  CHECK(named.reference == "localhost:5000/app:1");
  CHECK(named.text() == "oci:dir:localhost:5000/app:1");
  CHECK(oci::parse_location("docker-archive:x").text() == "docker-archive:x");
  const auto remote = oci::parse_location("docker://localhost:5000/lab/app:1@sha256:0");
  CHECK(remote.transport == Transport::docker);
  CHECK(remote.path == "localhost:5000/lab/app:1@sha256:0");
  CHECK(remote.reference.empty());
  CHECK(remote.text() == "docker://localhost:5000/lab/app:1@sha256:0");
  for (const char* text : {"", "oci", "oci:", "oci::ref", "oci:dir:", "docker://", "docker:", "docker:x/y", "docker:/x",
                           "docker://x y", "docker://x\n", "docker://\tx", "DOCKER://x", "dir:x", "app.tar", "OCI:x"}) {
    INFO(text);
    CHECK(test::error_of([&] { oci::parse_location(text); }) == ErrorCode::usage);
  }
}

TEST_CASE("Layouts are read from folders and from archives of every kind", "[source]") {
  const MadeImage image = test::make_image("layout");
  const Files files = layout_of(image);
  MemoryFs folder;
  for (const auto& [name, bytes] : files) folder.add("dir/" + name, bytes);
  const auto from_folder = oci::open_oci_folder(folder, "dir");
  check_complete(*from_folder, image);
  CHECK(from_folder->is_parallel());
  CHECK(from_folder->description() == "oci:dir");
  const std::string tar = test::tar_of(files);
  for (const auto& bytes : {tar, test::gzip(tar), test::zstd(tar)}) {
    MemoryFs fs("a.tar", bytes);
    const auto source = oci::open_oci_archive(fs, "a.tar");
    check_complete(*source, image);
    CHECK(source->is_parallel() == (bytes == tar));
  }
}

TEST_CASE("read_blob proves what it gives", "[source]") {
  const MadeImage image = test::make_image("blob");
  MemoryFs fs;
  for (const auto& [name, bytes] : layout_of(image)) fs.add("dir/" + name, bytes);
  fs.add("dir/blobs/sha256/" + test::digest_of("good").hex(), "evil");
  const auto source = oci::open_oci_folder(fs, "dir");
  CHECK(base::as_text(oci::read_blob(*source, image.root, 1000)) == image.manifest);
  const auto code = [&](const oci::Descriptor& descriptor, std::uint64_t limit) {
    return test::error_of([&] { oci::read_blob(*source, descriptor, limit); });
  };
  oci::Descriptor wrong = image.root;
  wrong.size += 1;
  CHECK(code(wrong, 1000) == ErrorCode::digest_mismatch);
  CHECK(code(image.root, image.root.size - 1) == ErrorCode::limit_exceeded);
  CHECK(code(test::descriptor_of("absent", "a/b"), 1000) == ErrorCode::not_found);
  CHECK(code(test::descriptor_of("good", "a/b"), 1000) == ErrorCode::digest_mismatch);
}

TEST_CASE("What is no layout is refused", "[source]") {
  const MadeImage image = test::make_image("bad");
  const Files good = layout_of(image);
  const auto changed = [&](const std::string& name, const std::string& bytes) {
    Files files = good;
    files[name] = bytes;
    return layout_failure(files);
  };
  CHECK_FALSE(layout_failure(good));
  CHECK(changed("oci-layout", "{}") == ErrorCode::malformed);
  CHECK(changed("oci-layout", "") == ErrorCode::malformed);
  CHECK(changed("oci-layout", R"({"imageLayoutVersion":"2.0.0"})") == ErrorCode::unsupported);
  CHECK(changed("oci-layout", std::string(5000, ' ')) == ErrorCode::limit_exceeded);
  CHECK(changed("index.json", "[]") == ErrorCode::malformed);
  CHECK(changed("index.json", image.manifest) == ErrorCode::malformed);
  CHECK(changed("index.json", R"({"schemaVersion":2,"manifests":[],"manifests":[]})") == ErrorCode::malformed);
  CHECK(changed("index.json", good.at("index.json") + std::string(oci::kMaxManifestBytes, ' ')) ==
        ErrorCode::limit_exceeded);
  Files files = good;
  files.erase("index.json");
  CHECK(layout_failure(files) == ErrorCode::malformed);
  files = good;
  files.erase("oci-layout");
  CHECK(layout_failure(files) == ErrorCode::malformed);
  MemoryFs fs("file", "x");
  CHECK(test::error_of([&] { oci::open_oci_folder(fs, "absent"); }) == ErrorCode::not_found);
  CHECK(test::error_of([&] { oci::open_oci_folder(fs, "file"); }) == ErrorCode::malformed);
  CHECK(test::error_of([&] { oci::open_oci_archive(fs, "absent"); }) == ErrorCode::not_found);
}

TEST_CASE("Entries of other kinds are no images", "[source]") {
  const MadeImage image = test::make_image("kinds");
  const Files files =
      test::layout_files(image.blobs(), test::layout_index({{"x", test::descriptor_of("x", "application/other")},
                                                            {"registry.example/app:1", image.root},
                                                            {"i", test::descriptor_of("i", oci::kOciIndex)}}));
  MemoryFs fs("a.tar", test::tar_of(files));
  const auto source = oci::open_oci_archive(fs, "a.tar");
  REQUIRE(source->images().size() == 2);
  CHECK(source->images()[0].root.digest == image.root.digest);
  CHECK(source->images()[1].root.media_type == oci::kOciIndex);
}

TEST_CASE("Links to pipes and devices in a folder are as good as nothing", "[source]") {
  const MadeImage image = test::make_image("links");
  const test::TempFolder folder;
  std::filesystem::create_directories(folder / "blobs/sha256");
  for (const auto& [name, bytes] : layout_of(image)) std::ofstream(folder / name) << bytes;
  const std::string blob = folder / ("blobs/sha256/" + image.root.digest.hex());
  std::filesystem::remove(blob);
  std::filesystem::create_symlink("/dev/zero", blob);
  base::SystemFs fs;
  const auto source = oci::open_oci_folder(fs, folder.path());
  CHECK_FALSE(source->find(image.root));
  CHECK(test::error_of([&] { source->open(image.root); }) == ErrorCode::not_found);
  std::filesystem::remove(folder / "index.json");
  std::filesystem::create_symlink("/dev/zero", folder / "index.json");
  CHECK(test::error_of([&] { oci::open_oci_folder(fs, folder.path()); }) == ErrorCode::malformed);
}

TEST_CASE("A classic archive without a manifest is known by its configuration", "[source]") {
  const MadeImage image = test::make_image("classic");
  const auto source = open_docker(classic_of(image, image.plain));
  REQUIRE(source->images().size() == 1);
  const auto& only = source->images()[0];
  CHECK_FALSE(only.has_manifest);
  CHECK(only.root.digest == test::digest_of(image.config));
  CHECK(only.root.size == image.config.size());
  CHECK(only.names == std::vector<std::string>{"registry.example/app:1"});
  CHECK(content(*source, only.root.digest) == image.config);
}

TEST_CASE("A classic archive is bound through configuration and diff_ids", "[source]") {
  const MadeImage image = test::make_image("bound");
  const auto source = open_docker(classic_of(image, image.plain), {test::make_image("other").manifest, image.manifest});
  REQUIRE(source->images().size() == 1);
  const auto& bound = source->images()[0];
  CHECK(bound.has_manifest);
  CHECK(bound.binding == Binding::diff_ids);
  CHECK(bound.root == image.root);
  CHECK(bound.names == std::vector<std::string>{"registry.example/app:1"});
  CHECK(content(*source, image.root.digest) == image.manifest);
  CHECK(content(*source, test::digest_of(image.config)) == image.config);
  for (const auto& layer : image.plain) CHECK(content(*source, test::digest_of(layer)) == layer);
  CHECK_FALSE(source->find(test::blob_of(test::digest_of(image.packed[0]))));
}

TEST_CASE("Layers are found through links, as old docker saves have them", "[source]") {
  const MadeImage image = test::make_image("linked", 2);
  const std::string config = test::digest_of(image.config).hex() + ".json";
  const std::string tar =
      test::TarMaker()
          .file("a/layer.tar", image.plain[0])
          .file("b/layer.tar", image.plain[1])
          .symlink("c/layer.tar", "../b/layer.tar")
          .file(config, image.config)
          .file("manifest.json",
                "[" + docker_item(config, {"a/layer.tar", "c/layer.tar"}, "registry.example/app:1") + "]")
          .finish();
  for (const auto& bytes : {tar, test::gzip(tar)}) {
    MemoryFs fs("a.tar", bytes);
    const auto source = oci::open_docker_archive(fs, "a.tar", {base::to_bytes(image.manifest)});
    CHECK(source->images().at(0).binding == Binding::diff_ids);
    CHECK(content(*source, test::digest_of(image.plain[1])) == image.plain[1]);
  }
}

TEST_CASE("An archive with the signed compressed layers is bound by its manifest", "[source]") {
  const MadeImage image = test::make_image("crane");
  const auto source = open_docker(classic_of(image, image.packed), {image.manifest});
  check_complete(*source, image);
}

TEST_CASE("Layers that do not correspond are refused", "[source]") {
  const MadeImage image = test::make_image("unlike");
  const std::vector<std::string> manifest{image.manifest};
  CHECK(docker_failure(classic_of(image, {image.plain[0]}), manifest) == ErrorCode::target_mismatch);
  CHECK(docker_failure(classic_of(image, {image.plain[0], image.packed[1]}), manifest) == ErrorCode::target_mismatch);
  CHECK(docker_failure(classic_of(image, {image.packed[0], image.packed[1] + "x"}), manifest) ==
        ErrorCode::target_mismatch);
  std::string longer = image.manifest;
  const std::string item = test::descriptor_json(test::descriptor_of("more", "a/b"));
  longer.replace(longer.rfind("]}"), 2, "," + item + "]}");
  CHECK(docker_failure(classic_of(image, image.plain), {longer}) == ErrorCode::target_mismatch);
  std::string size = image.manifest;
  const std::string length = "\"size\":" + std::to_string(image.config.size());
  size.replace(size.find(length), length.size(), length + "0");
  CHECK(docker_failure(classic_of(image, image.plain), {size}) == ErrorCode::target_mismatch);
  CHECK(docker_failure(classic_of(image, image.plain), {"{}"}) == ErrorCode::malformed);
}

TEST_CASE("A signed index is offered beside the bound manifest", "[source]") {
  const MadeImage image = test::make_image("index");
  const std::string index = test::layout_index({{"a", image.root}, {"b", test::descriptor_of("b", oci::kOciManifest)}});
  const auto source = open_docker(classic_of(image, image.plain), {index, image.manifest});
  REQUIRE(source->images().size() == 2);
  CHECK(source->images()[0].root.digest == image.root.digest);
  CHECK(source->images()[1].root.digest == test::digest_of(index));
  CHECK(source->images()[1].binding == Binding::diff_ids);
  CHECK(source->images()[1].names == source->images()[0].names);
  CHECK(content(*source, test::digest_of(index)) == index);
}

TEST_CASE("The newer layout of docker archives is read as a layout with its tags", "[source]") {
  const MadeImage image = test::make_image("newer");
  Files files = test::layout_files(image.blobs(), test::layout_index({{"1", image.root}}));
  std::vector<std::string> layers;
  for (const auto& layer : image.packed) layers.push_back("blobs/sha256/" + test::digest_of(layer).hex());
  files["manifest.json"] =
      "[" + docker_item("blobs/sha256/" + test::digest_of(image.config).hex(), layers, "app:1") + "]";
  const auto source = open_docker(files, {image.manifest});
  REQUIRE(source->images().size() == 1);
  CHECK(source->images()[0].binding == Binding::manifest);
  CHECK(source->images()[0].root.digest == image.root.digest);
  CHECK(source->images()[0].names == std::vector<std::string>{"1", "app:1"});
}

TEST_CASE("A layout whose manifest is Docker's own is bound to the signed one", "[source]") {
  const MadeImage image = test::make_image("docker25");
  const auto unbound = open_docker(docker25_of(image));
  REQUIRE(unbound->images().size() == 1);
  CHECK(unbound->images()[0].has_manifest);
  CHECK(unbound->images()[0].root.digest != image.root.digest);
  const auto bound = open_docker(docker25_of(image), {image.manifest});
  REQUIRE(bound->images().size() == 1);
  CHECK(bound->images()[0].root == image.root);
  CHECK(bound->images()[0].binding == Binding::diff_ids);
  CHECK(bound->images()[0].names == std::vector<std::string>{"registry.example/app:1", "1"});
  for (const auto& layer : image.plain) CHECK(content(*bound, test::digest_of(layer)) == layer);
}

TEST_CASE("Damaged docker archives are refused", "[source]") {
  const MadeImage image = test::make_image("damaged");
  const Files good = classic_of(image, image.plain);
  const auto changed = [&](const std::string& manifest) {
    Files files = good;
    files["manifest.json"] = manifest;
    return docker_failure(files);
  };
  CHECK_FALSE(docker_failure(good));
  for (const char* text :
       {"", "{}", "[{}]", "[5]", R"([{"Config":"../x","Layers":[]}])", R"([{"Config":5}])",
        R"([{"Config":"manifest.json","config":"x","Layers":[]}])",
        R"([{"Config":"manifest.json","Layers":["absent"]}])", R"([{"Config":"manifest.json","Layers":5}])"}) {
    INFO(text);
    CHECK(changed(text) == ErrorCode::malformed);
  }
  CHECK_FALSE(changed(R"([{"Config":"manifest.json","RepoTags":null,"Layers":null}])"));
  Files none = good;
  none.erase("manifest.json");
  CHECK(docker_failure(none) == ErrorCode::malformed);
  MemoryFs fs;
  fs.add("dir/x", "x");
  CHECK(test::error_of([&] { oci::open_docker_archive(fs, "dir", {}); }) == ErrorCode::malformed);
}

TEST_CASE("Real exports are read", "[source]") {
  base::SystemFs fs;
  const auto exact = oci::open_oci_archive(fs, kSamples + "app-1.1.exact-oci.tar");
  REQUIRE(exact->images().size() == 1);
  CHECK(exact->images()[0].root.digest.text() == kSigned);
  CHECK(exact->images()[0].names == std::vector<std::string>{"1.1"});
  const base::Bytes manifest = oci::read_blob(*exact, exact->images()[0].root, oci::kMaxManifestBytes);
  const auto skopeo = oci::open_oci_archive(fs, kSamples + "app-1.1.skopeo-oci.tar");
  CHECK(skopeo->images().at(0).root.digest.text() != kSigned);
  const auto save = oci::open_docker_archive(fs, kSamples + "app-1.1.docker-save.tar", {});
  CHECK_FALSE(save->images().at(0).has_manifest);
  CHECK(save->images()[0].names == std::vector<std::string>{"localhost:5000/lab/app:1.1"});
  const auto bound = oci::open_docker_archive(fs, kSamples + "app-1.1.docker-save.tar", {manifest});
  CHECK(bound->images().at(0).root.digest.text() == kSigned);
  CHECK(bound->images()[0].binding == Binding::diff_ids);
  const auto parsed = std::get<oci::Manifest>(oci::parse_manifest(manifest, oci::kDockerManifest));
  const base::Bytes config = oci::read_blob(*bound, parsed.config, oci::kMaxConfigBytes);
  for (const auto& id : oci::parse_image_config(config).diff_ids) {
    CHECK(test::digest_of(content(*bound, id)) == id);
  }
}
