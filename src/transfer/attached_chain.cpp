#include "attached_chain.h"

#include <algorithm>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/json/write.h"
#include "gapstow/oci/manifest.h"
#include "gapstow/tuf/dialect.h"
#include "views.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";
constexpr std::string_view kEmptyContent = "{}";
constexpr const char* kTitle = "org.opencontainers.image.title";

/// The bytes of one file of a chain, by its record.
const base::Bytes& file_bytes(const tuf::ChainFiles& files, const bundle::ChainFile& record) {
  if (record.role == "root") return files.roots.at(record.version);
  if (record.role == "timestamp") return files.timestamp;
  if (record.role == "snapshot") return files.snapshot;
  return files.targets.at(record.role);
}

ChainArtifact::Blob make_blob(base::Bytes bytes, std::string_view media_type) {
  oci::PlannedBlob plan{digest::sha256(bytes), bytes.size(), std::string(media_type)};
  return {std::move(plan), std::move(bytes)};
}

oci::Descriptor describe(const oci::PlannedBlob& blob) { return {blob.media_type, blob.digest, blob.size, {}, {}}; }

oci::Descriptor subject_of(const bundle::ImageRecord& image) {
  return {image.media_type, image.digest, image.size, {}, {}};
}

base::Bytes write_manifest(const bundle::ImageRecord& image, const oci::PlannedBlob& config, json::Array layers,
                           const std::string& gun) {
  return base::to_bytes(json::serialize(json::Object{{"annotations", json::Object{{"vnd.gapstow.gun", gun}}},
                                                     {"artifactType", kChainArtifact},
                                                     {"config", oci::write_descriptor(describe(config))},
                                                     {"layers", std::move(layers)},
                                                     {"mediaType", oci::kOciManifest},
                                                     {"schemaVersion", 2},
                                                     {"subject", oci::write_descriptor(subject_of(image))}}));
}

json::Value titled(const oci::PlannedBlob& blob, const std::string& title) {
  oci::Descriptor layer = describe(blob);
  layer.annotations.emplace(kTitle, title);
  return oci::write_descriptor(layer);
}

/// The title under which a layer is to be unpacked: the name of the bundle's entry.
std::string title_of(const oci::Descriptor& layer) {
  const auto title = layer.annotations.find(kTitle);
  return title == layer.annotations.end() ? std::string() : title->second;
}

/// Takes one artifact apart.
class ArtifactReader {
 public:
  ArtifactReader(oci::ImageSource& source, const oci::Manifest& manifest) : source_(source), manifest_(manifest) {}

  AttachedChain read(const digest::Digest& image) {
    if (manifest_.layers.empty() || manifest_.layers.front().media_type != kSealLayer) {
      throw Error(ErrorCode::malformed, "its first layer is no seal");
    }
    const auto seal = bundle::Seal::parse(oci::read_blob(source_, manifest_.layers.front(), bundle::kMaxSealBytes));
    const bundle::Statement& statement = seal.claimed();
    const bundle::ChainRecord& chain = chain_of(statement, image);
    const tuf::Dialect& dialect = dialect_of(chain);
    AttachedChain found{{read_files(statement, chain), &dialect, "attached", nullptr}, chain.gun, {}};
    for (const auto& record : statement.images) {
      if (record.digest == image && record.proof && &statement.chains.at(record.proof->chain) == &chain) {
        found.references.push_back(record.reference);
      }
    }
    return found;
  }

 private:
  /// The seal may name the image in several repositories; this is the chain of the one whose files are here.
  const bundle::ChainRecord& chain_of(const bundle::Statement& statement, const digest::Digest& image) const {
    const bundle::ChainRecord* chain = nullptr;
    for (const auto& record : statement.images) {
      if (record.digest != image || !record.proof) continue;
      const auto& each = statement.chains.at(record.proof->chain);
      const bool is_here = manifest_.layers.size() > 1 && title_of(manifest_.layers[1]).starts_with(each.folder + "/");
      if (chain == nullptr || is_here) chain = &each;
    }
    if (chain == nullptr) throw Error(ErrorCode::malformed, "its seal does not speak of the image with a chain");
    return *chain;
  }

  /// Exactly the files that the seal lists for the chain, in their order, with the digests that it gives.
  tuf::ChainFiles read_files(const bundle::Statement& statement, const bundle::ChainRecord& chain) {
    if (manifest_.layers.size() != chain.files.size() + 1) {
      throw Error(ErrorCode::chain_incomplete, "it holds " + std::to_string(manifest_.layers.size() - 1) +
                                                   " files, its seal lists " + std::to_string(chain.files.size()));
    }
    tuf::ChainFiles files;
    for (std::size_t i = 0; i < chain.files.size(); ++i) {
      const oci::Descriptor& layer = manifest_.layers[i + 1];
      const std::string name = chain.folder + "/" + chain.files[i].file;
      const auto entry = std::ranges::find(statement.entries, name, &bundle::Entry::name);
      if (entry == statement.entries.end() || title_of(layer) != name || layer.digest != entry->sha256) {
        throw Error(ErrorCode::digest_mismatch, "layer " + std::to_string(i + 1) + " is not the sealed " + name);
      }
      add_chain_file(files, chain, chain.files[i], oci::read_blob(source_, layer, tuf::kMaxTargetsBytes));
    }
    return files;
  }

  oci::ImageSource& source_;
  const oci::Manifest& manifest_;
};

}  // namespace

ChainArtifact make_chain_artifact(const bundle::Seal& seal, const bundle::ImageRecord& image,
                                  const tuf::ChainFiles& files) {
  const bundle::ChainRecord& chain = seal.claimed().chains.at(image.proof->chain);
  ChainArtifact artifact;
  artifact.blobs.push_back({});  // the manifest, once the others are known
  artifact.blobs.push_back(make_blob(base::to_bytes(kEmptyContent), kEmptyType));
  artifact.blobs.push_back(make_blob(seal.entry_bytes(), kSealLayer));
  json::Array layers;
  layers.push_back(titled(artifact.blobs.back().plan, std::string(bundle::kSealName)));
  for (const auto& file : chain.files) {
    artifact.blobs.push_back(make_blob(file_bytes(files, file), kChainFileLayer));
    layers.push_back(titled(artifact.blobs.back().plan, chain.folder + "/" + file.file));
  }
  artifact.blobs.front() =
      make_blob(write_manifest(image, artifact.blobs[1].plan, std::move(layers), chain.gun), oci::kOciManifest);
  base::check_limit(artifact.blobs.front().bytes.size(), oci::kMaxManifestBytes, "manifest of the attached chain");
  artifact.attachment = {oci::Attachment::Kind::referrer,
                         image.digest,
                         describe(artifact.blobs.front().plan),
                         std::string(kChainArtifact),
                         {}};
  return artifact;
}

std::vector<AttachedChain> find_attached_chains(oci::ImageSource& source, const digest::Digest& image) {
  std::vector<AttachedChain> found;
  for (const auto& attachment : source.attachments(image)) {
    if (attachment.kind != oci::Attachment::Kind::referrer || attachment.artifact_type != kChainArtifact) continue;
    base::check_limit(found.size() + 1, kMaxAttachedChains, "number of attached chains");
    base::with_context("attached chain " + attachment.root.digest.short_text(), [&] {
      const auto bytes = oci::read_blob(source, attachment.root, oci::kMaxManifestBytes);
      const auto document = oci::parse_manifest(bytes, attachment.root.media_type);
      const auto* manifest = std::get_if<oci::Manifest>(&document);
      if (manifest == nullptr) throw Error(ErrorCode::malformed, "it is an index");
      found.push_back(ArtifactReader(source, *manifest).read(image));
    });
  }
  return found;
}

}  // namespace gapstow::transfer
