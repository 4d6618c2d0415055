#include "contents.h"

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kUnknownPlatform = "unknown/unknown";

}  // namespace

/// The state of one image's walk.
struct Contents::Walk {
  oci::Binding binding;
  WalkedImage& out;
  std::set<digest::Digest> seen;
  std::set<std::string> platforms;
  std::set<digest::Digest> left_out;
  unsigned images = 0;  ///< manifests of real platforms met
};

Contents::Contents(BlobStore& store, KeepChild keep) : store_(store), keep_(std::move(keep)) {}

WalkedImage Contents::add(const ContentRequest& request) {
  WalkedImage out;
  out.named.reference = request.reference;
  out.named.root = request.root;
  out.named.binding = request.binding;
  Walk walk{request.binding, out, {}, {}, {}, 0};
  base::with_context(request.reference, [&] { this->walk(request.root, 0, walk); });
  if (walk.images != 1) out.named.docker.reset();
  out.platforms.assign(walk.platforms.begin(), walk.platforms.end());
  out.left_out.assign(walk.left_out.begin(), walk.left_out.end());
  return out;
}

void Contents::take(std::vector<oci::PlannedBlob>& list, const digest::Digest& digest, std::uint64_t size, Walk& walk) {
  const auto present = store_.size_of(digest);
  if (!present) {
    throw Error(ErrorCode::not_found, "blob " + digest.text() + " is not there",
                "export the image whole; to leave out platforms say --platform");
  }
  if (*present != size) {
    throw Error(ErrorCode::digest_mismatch, "blob " + digest.text() + " has " + std::to_string(*present) +
                                                " bytes, its descriptor says " + std::to_string(size));
  }
  if (walk.seen.insert(digest).second) {
    walk.out.bytes = base::checked_add(walk.out.bytes, size);
    ++walk.out.blobs;
  }
  if (taken_.emplace(digest, &list).second) list.push_back({digest, size});
}

base::Bytes Contents::load_document(const oci::Descriptor& descriptor, std::uint64_t limit, Walk& walk) {
  base::check_limit(descriptor.size, limit, "document " + descriptor.digest.text());
  if (const auto at = taken_.find(descriptor.digest); at != taken_.end() && at->second == &payload_) {
    throw Error(ErrorCode::unsupported, "blob " + descriptor.digest.text() + " is a layer and a document at once");
  }
  take(metadata_, descriptor.digest, descriptor.size, walk);
  return store_.load(descriptor, limit);
}

void Contents::walk(const oci::Descriptor& at, unsigned depth, Walk& walk) {
  if (depth > oci::kMaxIndexDepth) {
    throw Error(ErrorCode::limit_exceeded,
                "indexes are nested more than " + std::to_string(oci::kMaxIndexDepth) + " deep");
  }
  const base::Bytes bytes = load_document(at, oci::kMaxManifestBytes, walk);
  base::with_context(at.digest.short_text(), [&] {
    const auto document = oci::parse_manifest(bytes, at.media_type);
    if (const auto* index = std::get_if<oci::Index>(&document)) {
      walk_index(*index, depth, walk);
    } else {
      walk_manifest(std::get<oci::Manifest>(document), at, walk);
    }
  });
}

void Contents::walk_index(const oci::Index& index, unsigned depth, Walk& walk) {
  bool any = false;
  for (const auto& child : index.manifests) {
    if (!keep_(child, index.manifests)) {
      walk.left_out.insert(child.digest);
      continue;
    }
    any = true;
    if (walk.seen.contains(child.digest)) continue;
    this->walk(child, depth + 1, walk);
  }
  if (!any && !index.manifests.empty()) {
    throw Error(ErrorCode::not_found, "the index holds no image for the platforms asked for");
  }
}

void Contents::walk_manifest(const oci::Manifest& manifest, const oci::Descriptor& at, Walk& walk) {
  std::optional<oci::ImageConfig> config;
  if (oci::is_image_config(manifest.config.media_type)) {
    const base::Bytes bytes = load_document(manifest.config, oci::kMaxConfigBytes, walk);
    config = base::with_context("configuration", [&] { return oci::parse_image_config(bytes); });
  } else {
    const bool small = manifest.config.size <= oci::kMaxConfigBytes;
    take(small ? metadata_ : payload_, manifest.config.digest, manifest.config.size, walk);
  }
  const auto layers = walk_layers(manifest, config, walk);
  if (!config) return;
  const oci::Platform& platform = at.platform ? *at.platform : config->platform;
  if (platform.text() == kUnknownPlatform) return;  // an attestation, no image
  walk.platforms.insert(platform.text());
  ++walk.images;
  if (config->diff_ids.size() != manifest.layers.size()) return;
  walk.out.named.docker = oci::NamedImage::DockerView{manifest.config.digest, layers};
}

std::vector<digest::Digest> Contents::walk_layers(const oci::Manifest& manifest,
                                                  const std::optional<oci::ImageConfig>& config, Walk& walk) {
  const bool by_diff_ids = walk.binding == oci::Binding::diff_ids;
  const bool countable = config && config->diff_ids.size() == manifest.layers.size();
  if (by_diff_ids && !countable) {
    throw Error(ErrorCode::target_mismatch, "configuration and manifest do not name the same number of layers");
  }
  std::vector<digest::Digest> shown;
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    const oci::Descriptor& layer = manifest.layers[i];
    const digest::Digest& content = by_diff_ids ? config->diff_ids[i] : layer.digest;
    const auto size = by_diff_ids ? store_.size_of(content) : layer.size;
    take(payload_, content, size.value_or(0), walk);
    shown.push_back(content);
  }
  return shown;
}

}  // namespace gapstow::transfer
