#include "contents.h"

#include <algorithm>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kUnknownPlatform = "unknown/unknown";

void check_depth(unsigned depth) {
  if (depth <= oci::kMaxIndexDepth) return;
  throw Error(ErrorCode::limit_exceeded,
              "indexes are nested more than " + std::to_string(oci::kMaxIndexDepth) + " deep");
}

/// artifactType, or the media type of the configuration.
std::string artifact_type(const oci::Index& index) { return index.artifact_type; }
std::string artifact_type(const oci::Manifest& manifest) {
  return manifest.artifact_type.empty() ? manifest.config.media_type : manifest.artifact_type;
}

/// An attachment must belong to its subject in the way that it is said to; gives its artifact type.
std::string check_attachment(const oci::Attachment& attachment, const base::Bytes& bytes) {
  const auto document = oci::parse_manifest(bytes, attachment.root.media_type);
  if (attachment.kind == oci::Attachment::Kind::cosign) {
    if (oci::is_cosign_tag(attachment.tag, attachment.subject)) return {};
    throw Error(ErrorCode::malformed, "tag " + attachment.tag + " is not one of cosign for its subject");
  }
  const auto& subject = std::visit([](const auto& each) -> const auto& { return each.subject; }, document);
  if (subject && subject->digest == attachment.subject) {
    return std::visit([](const auto& each) { return artifact_type(each); }, document);
  }
  throw Error(ErrorCode::malformed, "it is listed as a referrer of " + attachment.subject.text() + ", but it names " +
                                        (subject ? subject->digest.text() : "no subject"));
}

}  // namespace

/// The state of one image's walk.
struct Contents::Walk {
  oci::Binding binding;
  WalkedImage& out;
  unsigned attachments = 0;  ///< between the image and what is walked
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
  Walk walk{request.binding, out, 0, {}, {}, 0};
  base::with_context(request.reference, [&] { this->walk(request.root, 0, walk); });
  if (walk.images != 1) out.named.docker.reset();
  out.platforms.assign(walk.platforms.begin(), walk.platforms.end());
  out.left_out.assign(walk.left_out.begin(), walk.left_out.end());
  out.own_blobs = out.named.blobs.size();
  return out;
}

const oci::Attachment& Contents::attach(WalkedImage& image, const oci::Attachment& attachment) {
  base::check_limit(image.named.attachments.size() + 1, oci::kMaxAttachments, "number of attachments");
  const auto subject = image.depths.find(attachment.subject);
  if (subject == image.depths.end()) {
    throw Error(ErrorCode::malformed, "attachment " + attachment.root.digest.short_text() + " belongs to " +
                                          attachment.subject.text() + ", which is no manifest of the image");
  }
  Walk walk{oci::Binding::manifest, image, subject->second + 1, {}, {}, 0};
  oci::Attachment described = attachment;
  base::with_context("attachment " + attachment.root.digest.short_text(), [&] {
    base::check_limit(walk.attachments, oci::kMaxAttachmentDepth, "depth of attachments");
    if (!walk.out.seen.contains(attachment.root.digest)) walk_artifact(attachment.root, 0, walk);
    described.artifact_type = check_attachment(attachment, load_again(attachment.root));
  });
  image.named.attachments.push_back(std::move(described));
  return image.named.attachments.back();
}

void Contents::rewind(const Mark& mark) {
  for (std::size_t i = mark.metadata; i < metadata_.size(); ++i) taken_.erase(metadata_[i].digest);
  for (std::size_t i = mark.payload; i < payload_.size(); ++i) taken_.erase(payload_[i].digest);
  metadata_.resize(mark.metadata);
  payload_.resize(mark.payload);
}

void Contents::take(std::vector<oci::PlannedBlob>& list, const oci::Descriptor& blob, Walk& walk) {
  const auto present = store_.size_of(blob);
  if (!present) {
    throw Error(ErrorCode::not_found, "blob " + blob.digest.text() + " is not there",
                "export the image whole; to leave out platforms say --platform");
  }
  if (*present != blob.size) {
    throw Error(ErrorCode::digest_mismatch, "blob " + blob.digest.text() + " has " + std::to_string(*present) +
                                                " bytes, its descriptor says " + std::to_string(blob.size));
  }
  const oci::PlannedBlob planned{blob.digest, blob.size, blob.media_type};
  if (walk.out.seen.insert(blob.digest).second) {
    walk.out.bytes = base::checked_add(walk.out.bytes, blob.size);
    ++walk.out.blobs;
    walk.out.named.blobs.push_back(planned);
  }
  const auto [at, added] = taken_.try_emplace(blob.digest, Taken{&list, blob.size});
  if (added) list.push_back(planned);
  if (at->second.size != blob.size) {
    throw Error(ErrorCode::digest_mismatch, "blob " + blob.digest.text() + " is said to have " +
                                                std::to_string(blob.size) + " bytes and " +
                                                std::to_string(at->second.size));
  }
}

base::Bytes Contents::load_document(const oci::Descriptor& descriptor, std::uint64_t limit, Walk& walk) {
  base::check_limit(descriptor.size, limit, "document " + descriptor.digest.text());
  if (const auto at = taken_.find(descriptor.digest); at != taken_.end() && at->second.list == &payload_) {
    throw Error(ErrorCode::unsupported, "blob " + descriptor.digest.text() + " is a layer and a document at once");
  }
  take(metadata_, descriptor, walk);
  return store_.load(descriptor, limit);
}

void Contents::add_manifest(const digest::Digest& digest, Walk& walk) {
  walk.out.manifests.push_back(digest);
  walk.out.depths.emplace(digest, walk.attachments);
}

base::Bytes Contents::load_again(const oci::Descriptor& descriptor) {
  return store_.load(descriptor, oci::kMaxManifestBytes);
}

void Contents::walk(const oci::Descriptor& at, unsigned depth, Walk& walk) {
  check_depth(depth);
  const base::Bytes bytes = load_document(at, oci::kMaxManifestBytes, walk);
  add_manifest(at.digest, walk);
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
    if (walk.out.seen.contains(child.digest)) continue;
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
    take(manifest.config.size <= oci::kMaxConfigBytes ? metadata_ : payload_, manifest.config, walk);
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
    if (by_diff_ids) {
      oci::Descriptor uncompressed{{}, content, 0, {}, {}};
      uncompressed.size = store_.size_of(uncompressed).value_or(0);
      take(payload_, uncompressed, walk);
    } else {
      take(payload_, layer, walk);
    }
    shown.push_back(content);
  }
  return shown;
}

void Contents::add_file(const oci::PlannedBlob& file) {
  const auto known = taken_.find(file.digest);
  if (known == taken_.end()) {
    taken_.emplace(file.digest, Taken{&payload_, file.size});
    payload_.push_back(file);
  } else if (known->second.size != file.size) {
    throw Error(ErrorCode::malformed, "blob " + file.digest.text() + " is said to have two sizes");
  }
}

/// Whatever an artifact is, its configuration is not looked into, and it is no image of any platform.
void Contents::walk_artifact(const oci::Descriptor& at, unsigned depth, Walk& walk) {
  check_depth(depth);
  const base::Bytes bytes = load_document(at, oci::kMaxManifestBytes, walk);
  add_manifest(at.digest, walk);
  const auto document = oci::parse_manifest(bytes, at.media_type);
  if (const auto* index = std::get_if<oci::Index>(&document)) {
    for (const auto& child : index->manifests) {
      if (!walk.out.seen.contains(child.digest)) walk_artifact(child, depth + 1, walk);
    }
    return;
  }
  const auto& manifest = std::get<oci::Manifest>(document);
  take(manifest.config.size <= oci::kMaxConfigBytes ? metadata_ : payload_, manifest.config, walk);
  for (const auto& layer : manifest.layers) take(payload_, layer, walk);
}

}  // namespace gapstow::transfer
