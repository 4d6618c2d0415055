#include <array>

#include "docker_archive.h"
#include "foreign_json.h"
#include "gapstow/archive/decompress.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint64_t kMaxDockerManifest = 20ULL << 20;  ///< what containerd reads
constexpr std::size_t kMaxFileName = 1024;
constexpr std::size_t kMaxTag = 512;
constexpr std::string_view kConfigType = "application/vnd.docker.container.image.v1+json";

std::vector<std::string> read_texts(const json::Cursor& at, std::string_view name, std::size_t length) {
  std::vector<std::string> texts;
  const auto member = maybe_set(at, name);
  if (!member) return texts;
  const auto items = member->array();
  base::check_limit(items.size(), kMaxLayers, "number of " + std::string(name));
  for (const auto& item : items) texts.push_back(item.string(length));
  return texts;
}

void check_file(LayoutFiles& files, const json::Cursor& at, const std::string& name) {
  if (!files.find(name)) at.refuse("file '" + base::printable(name) + "' is not in the archive");
}

DockerItem read_item(LayoutFiles& files, const json::Cursor& at) {
  check_names(at, {"Config", "RepoTags", "Layers"});
  DockerItem item;
  item.config_file = at.at("Config").string(kMaxFileName);
  item.tags = read_texts(at, "RepoTags", kMaxTag);
  item.layer_files = read_texts(at, "Layers", kMaxFileName);
  check_file(files, at, item.config_file);
  for (const auto& layer : item.layer_files) check_file(files, at, layer);
  const base::Bytes config = read_small(files, item.config_file, kMaxConfigBytes);
  item.config = {std::string(kConfigType), digest::sha256(config), config.size(), {}, {}};
  return item;
}

bool is_compressed(LayoutFiles& files, const std::string& name) {
  std::array<std::byte, archive::kMagicBytes> magic{};
  const std::size_t count = base::read_full(*files.open(name), magic);
  return archive::compression_of(base::ByteView(magic).first(count)) != archive::Compression::none;
}

Error unlike(const std::string& why) {
  return {ErrorCode::target_mismatch, why,
          "export the image exactly: skopeo copy --preserve-digests docker://… oci-archive:FILE.tar"};
}

}  // namespace

std::vector<DockerItem> read_docker_items(LayoutFiles& files) {
  const base::Bytes bytes = read_small(files, "manifest.json", kMaxDockerManifest);
  return base::with_context("manifest.json", [&] {
    const json::Value value = parse_foreign(bytes, kMaxDockerManifest);
    const auto list = json::Cursor(value).array();
    base::check_limit(list.size(), kMaxIndexEntries, "number of images");
    std::vector<DockerItem> items;
    items.reserve(list.size());
    for (const auto& at : list) items.push_back(read_item(files, at));
    return items;
  });
}

Binding bind_item(Catalog& catalog, const DockerItem& item, const Manifest& manifest) {
  LayoutFiles& files = catalog.files();
  if (item.config.size != manifest.config.size) {
    throw unlike("the manifest says that its configuration has " + std::to_string(manifest.config.size) +
                 " bytes, it has " + std::to_string(item.config.size));
  }
  const base::Bytes bytes = read_small(files, item.config_file, kMaxConfigBytes);
  digest::check_bytes(bytes, item.config.size, item.config.digest);
  const ImageConfig config = base::with_context(item.config_file, [&] { return parse_image_config(bytes); });
  const std::size_t count = manifest.layers.size();
  if (config.diff_ids.size() != count || item.layer_files.size() != count) {
    throw unlike("the manifest names " + std::to_string(count) + " layers, the configuration " +
                 std::to_string(config.diff_ids.size()) + ", the archive holds " +
                 std::to_string(item.layer_files.size()));
  }
  bool exact = true;
  bool plain = true;
  for (std::size_t i = 0; i < count; ++i) {
    const bool compressed = is_compressed(files, item.layer_files[i]);
    const bool as_signed = files.find(item.layer_files[i]) == manifest.layers[i].size &&
                           (compressed || manifest.layers[i].digest == config.diff_ids[i]);
    exact = exact && as_signed;
    plain = plain && !compressed;
  }
  if (!exact && !plain) {
    throw unlike("the archive holds compressed layers, but not the ones that the manifest names");
  }
  for (std::size_t i = 0; i < count; ++i) {
    catalog.offer_file(exact ? manifest.layers[i].digest : config.diff_ids[i], item.layer_files[i]);
  }
  catalog.offer_file(item.config.digest, item.config_file);
  return exact ? Binding::manifest : Binding::diff_ids;
}

}  // namespace gapstow::oci
