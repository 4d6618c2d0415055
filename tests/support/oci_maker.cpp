#include "support/oci_maker.h"

#include <algorithm>

namespace gapstow::test {

digest::Digest digest_of(std::string_view bytes) { return digest::sha256(base::as_bytes(bytes)); }

oci::Descriptor descriptor_of(std::string_view bytes, std::string_view media_type) {
  return {std::string(media_type), digest_of(bytes), bytes.size(), {}, {}};
}

oci::Descriptor blob_of(const digest::Digest& digest) { return {"application/octet-stream", digest, 0, {}, {}}; }

std::string descriptor_json(const oci::Descriptor& descriptor) {
  return R"({"mediaType":")" + descriptor.media_type + R"(","size":)" + std::to_string(descriptor.size) +
         R"(,"digest":")" + descriptor.digest.text() + R"("})";
}

std::vector<std::string> MadeImage::diff_ids() const {
  std::vector<std::string> ids;
  for (const auto& layer : plain) ids.push_back(digest_of(layer).text());
  return ids;
}

std::map<digest::Digest, std::string> MadeImage::blobs() const {
  std::map<digest::Digest, std::string> blobs{{digest_of(config), config}, {digest_of(manifest), manifest}};
  for (const auto& layer : packed) blobs.emplace(digest_of(layer), layer);
  return blobs;
}

oci::NamedImage MadeImage::named(const std::string& reference) const {
  oci::NamedImage image;
  image.reference = reference;
  image.root = root;
  image.blobs = plan();
  image.docker.emplace();
  image.docker->config = digest_of(config);
  for (const auto& layer : packed) image.docker->layers.push_back(digest_of(layer));
  return image;
}

std::vector<oci::PlannedBlob> MadeImage::plan() const {
  std::vector<oci::PlannedBlob> plan{{root.digest, manifest.size(), root.media_type},
                                     {digest_of(config), config.size(), {}}};
  for (const auto& layer : packed) plan.push_back({digest_of(layer), layer.size(), {}});
  return plan;
}

MadeImage make_image(const std::string& seed, std::size_t layers, std::string_view media_type) {
  const bool docker = media_type == oci::kDockerManifest;
  MadeImage image;
  std::string ids;
  std::string names;
  for (std::size_t i = 0; i < layers; ++i) {
    image.plain.push_back(TarMaker().file("file", seed + std::to_string(i) + std::string(3000, 'x')).finish());
    image.packed.push_back(gzip(image.plain.back()));
    ids += (i == 0 ? "\"" : ",\"") + digest_of(image.plain.back()).text() + "\"";
    names += (i == 0 ? "" : ",") + descriptor_json(descriptor_of(
                                       image.packed.back(), docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
                                                                   : "application/vnd.oci.image.layer.v1.tar+gzip"));
  }
  image.config = R"({"architecture":"amd64","os":"linux","seed":")" + seed +
                 R"(","cpu":0.5,"rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}";
  const auto config = descriptor_of(image.config, docker ? "application/vnd.docker.container.image.v1+json"
                                                         : "application/vnd.oci.image.config.v1+json");
  image.manifest = R"({"schemaVersion":2,"mediaType":")" + std::string(media_type) + R"(","config":)" +
                   descriptor_json(config) + R"(,"layers":[)" + names + "]}";
  image.root = descriptor_of(image.manifest, media_type);
  return image;
}

MadeImage make_artifact(const std::string& seed, const oci::Descriptor* subject, const std::string& artifact_type) {
  MadeImage artifact;
  artifact.config = "{}";
  artifact.packed = {"layer of " + seed};
  std::string type;
  if (!artifact_type.empty()) type = R"("artifactType":")" + artifact_type + R"(",)";
  std::string tail = "}";
  if (subject != nullptr) tail = R"(,"subject":)" + descriptor_json(*subject) + "}";
  artifact.manifest =
      R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kOciManifest) + R"(",)" + type + R"("config":)" +
      descriptor_json(descriptor_of(artifact.config, "application/vnd.oci.empty.v1+json")) + R"(,"layers":[)" +
      descriptor_json(descriptor_of(artifact.packed[0], "application/vnd.example.layer")) + "]" + tail;
  artifact.root = descriptor_of(artifact.manifest, oci::kOciManifest);
  return artifact;
}

oci::Attachment referrer_of(const MadeImage& artifact, const oci::Descriptor& subject,
                            const std::string& artifact_type) {
  return {oci::Attachment::Kind::referrer, subject.digest, artifact.root, artifact_type, {}};
}

std::string layout_index(const std::vector<std::pair<std::string, oci::Descriptor>>& entries) {
  std::string list;
  for (const auto& [name, descriptor] : entries) {
    std::string entry = descriptor_json(descriptor);
    if (!name.empty()) {
      entry.pop_back();
      entry += R"(,"annotations":{"org.opencontainers.image.ref.name":")" + name + R"("}})";
    }
    list += (list.empty() ? "" : ",") + entry;
  }
  return R"({"schemaVersion":2,"manifests":[)" + list + "]}";
}

std::map<std::string, std::string> layout_files(const std::map<digest::Digest, std::string>& blobs,
                                                const std::string& index) {
  std::map<std::string, std::string> files{{"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"}, {"index.json", index}};
  for (const auto& [digest, bytes] : blobs) files["blobs/sha256/" + digest.hex()] = bytes;
  return files;
}

std::string tar_of(const std::map<std::string, std::string>& files) {
  TarMaker maker;
  for (const auto& [name, content] : files) maker.file(name, content);
  return maker.finish();
}

void write_images(oci::ImageDestination& destination, const std::vector<oci::NamedImage>& named,
                  const std::vector<MadeImage>& images) {
  std::map<digest::Digest, std::string> blobs;
  std::vector<oci::PlannedBlob> plan;
  for (const auto& image : images) {
    for (const auto& blob : image.plan()) {
      if (blobs.emplace(blob.digest, image.blobs().at(blob.digest)).second) plan.push_back(blob);
    }
  }
  destination.begin(named, plan);
  for (const auto& [digest, bytes] : blobs) {
    const auto sink = destination.put(digest);
    sink->write(base::as_bytes(std::string_view(bytes).substr(0, bytes.size() / 2)));
    sink->write(base::as_bytes(std::string_view(bytes).substr(bytes.size() / 2)));
    sink->finish();
  }
  destination.commit();
}

}  // namespace gapstow::test
