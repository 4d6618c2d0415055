#include "docker_archive.h"

#include <algorithm>
#include <set>

#include "gapstow/base/error.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

/// A document given from elsewhere, under its digest.
template <typename Document>
struct Given {
  Document document;
  Descriptor root;
  base::Bytes bytes;
};

struct GivenDocuments {
  std::vector<Given<Manifest>> manifests;
  std::vector<Given<Index>> indexes;
};

GivenDocuments parse_given(const std::vector<base::Bytes>& list) {
  GivenDocuments given;
  for (const auto& bytes : list) {
    auto document = base::with_context("given manifest", [&] { return parse_manifest(bytes, {}); });
    const Descriptor root{std::visit([](const auto& each) { return each.media_type; }, document),
                          digest::sha256(bytes),
                          bytes.size(),
                          {},
                          {}};
    if (auto* manifest = std::get_if<Manifest>(&document)) {
      given.manifests.push_back({std::move(*manifest), root, bytes});
    } else {
      given.indexes.push_back({std::get<Index>(std::move(document)), root, bytes});
    }
  }
  return given;
}

/// The images of one archive while they are put together.
class Assembly {
 public:
  explicit Assembly(Catalog& catalog) : catalog_(catalog) {}

  void read_layout() {
    const bool layout = catalog_.files().find("oci-layout") && catalog_.files().find("index.json");
    if (layout) fill_from_layout(catalog_);
  }

  void read_items() {
    if (!catalog_.files().find("manifest.json")) {
      if (!catalog_.images().empty()) return;
      throw Error(ErrorCode::malformed, catalog_.description() + " is no docker archive: it has no manifest.json",
                  "archives of Docker before 1.10 have none either; an image layout is read as oci-archive:FILE");
    }
    items_ = read_docker_items(catalog_.files());
    if (catalog_.images().empty()) {
      add_classic();
    } else {
      add_tags();
    }
  }

  void bind(const GivenDocuments& given) {
    for (const auto& manifest : given.manifests) {
      if (!is_listed(manifest.root)) bind_manifest(manifest);
    }
    for (const auto& index : given.indexes) {
      if (!is_listed(index.root)) add_index(index);
    }
  }

 private:
  bool is_listed(const Descriptor& root) const {
    return std::ranges::any_of(catalog_.images(),
                               [&](const SourceImage& image) { return image.root.digest == root.digest; });
  }

  /// Images without a manifest, known by their configuration.
  void add_classic() {
    for (const auto& item : items_) {
      SourceImage image;
      image.root = item.config;
      image.has_manifest = false;
      for (const auto& tag : item.tags) add_name(image, tag);
      catalog_.offer_file(item.config.digest, item.config_file);
      catalog_.editable_images().push_back(std::move(image));
    }
  }

  void add_tags() {
    for (auto& image : catalog_.editable_images()) {
      const auto config = config_of(image);
      if (!config) continue;
      for (const auto& item : items_) {
        if (item.config.digest != *config) continue;
        for (const auto& tag : item.tags) add_name(image, tag);
      }
    }
  }

  std::optional<digest::Digest> config_of(const SourceImage& image) {
    if (!image.has_manifest) return image.root.digest;
    const auto [at, added] = configs_.try_emplace(image.root.digest);
    if (added && is_image_manifest(image.root.media_type)) at->second = read_config_digest(image.root);
    return at->second;
  }

  /// Listing proves nothing: an image whose manifest cannot be read just has no known configuration here, and
  /// whoever takes it is told why.
  std::optional<digest::Digest> read_config_digest(const Descriptor& root) {
    try {
      const base::Bytes bytes = read_blob(catalog_, root, kMaxManifestBytes);
      return std::get<Manifest>(parse_manifest(bytes, root.media_type)).config.digest;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  void bind_manifest(const Given<Manifest>& given) {
    const auto is_it = [&](const DockerItem& item) { return item.config.digest == given.document.config.digest; };
    const auto item = std::ranges::find_if(items_, is_it);
    if (item == items_.end()) return;
    SourceImage bound;
    bound.root = given.root;
    bound.binding =
        base::with_context(given.root.digest.short_text(), [&] { return bind_item(catalog_, *item, given.document); });
    catalog_.offer_bytes(given.root.digest, given.bytes);
    for (const auto& each : items_) {
      if (!is_it(each)) continue;
      for (const auto& tag : each.tags) add_name(bound, tag);
    }
    replace(given.document.config.digest, std::move(bound));
  }

  /// Puts the bound image where the first image of that configuration stood, and takes over the names of all.
  void replace(const digest::Digest& config, SourceImage bound) {
    std::vector<SourceImage> kept;
    std::optional<std::size_t> place;
    for (auto& image : catalog_.editable_images()) {
      // An image that another given manifest was bound to stays.
      const bool same = !bound_.contains(image.root.digest) && config_of(image) == config;
      if (!same) {
        kept.push_back(std::move(image));
        continue;
      }
      for (const auto& name : image.names) add_name(bound, name);
      if (!place) place = kept.size();
    }
    bound_.insert(bound.root.digest);
    kept.insert(kept.begin() + static_cast<std::ptrdiff_t>(place.value_or(kept.size())), std::move(bound));
    catalog_.editable_images() = std::move(kept);
  }

  /// An index that names a bound manifest is offered beside it: the tag may be signed as the index.
  void add_index(const Given<Index>& given) {
    std::optional<SourceImage> image;
    for (const auto& child : given.document.manifests) {
      const auto found = std::ranges::find_if(catalog_.images(), [&](const SourceImage& each) {
        return bound_.contains(each.root.digest) && each.root.digest == child.digest && each.root.size == child.size;
      });
      if (found == catalog_.images().end()) continue;
      if (!image) image = SourceImage{given.root, {}, found->binding, true};
      if (found->binding == Binding::diff_ids) image->binding = Binding::diff_ids;
      for (const auto& name : found->names) add_name(*image, name);
    }
    if (!image) return;
    catalog_.offer_bytes(given.root.digest, given.bytes);
    catalog_.editable_images().push_back(*std::move(image));
  }

  Catalog& catalog_;
  std::vector<DockerItem> items_;
  std::set<digest::Digest> bound_;
  std::map<digest::Digest, std::optional<digest::Digest>> configs_;  ///< by manifest, as far as read
};

}  // namespace

std::unique_ptr<ImageSource> open_docker_archive(base::ReadFs& fs, const std::string& path,
                                                 const std::vector<base::Bytes>& manifests) {
  const GivenDocuments given = parse_given(manifests);
  auto catalog = std::make_unique<Catalog>(open_archive_files(fs, path), "docker-archive:" + path);
  Assembly assembly(*catalog);
  assembly.read_layout();
  assembly.read_items();
  assembly.bind(given);
  return catalog;
}

}  // namespace gapstow::oci
