#include "support/delivery_samples.h"

#include <algorithm>
#include <random>

#include "gapstow/base/error.h"

namespace gapstow::test {

namespace {

constexpr std::string_view kLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
constexpr std::string_view kConfig = "application/vnd.oci.image.config.v1+json";

}  // namespace

std::string noise(std::size_t size, unsigned seed) {
  std::minstd_rand random(seed);
  std::string text(size, '\0');
  std::ranges::generate(text, [&] { return static_cast<char>(random() >> 8U); });
  return text;
}

std::string index_of(const std::vector<oci::Descriptor>& entries) {
  std::string list;
  for (const auto& entry : entries) list += (list.empty() ? "" : ",") + descriptor_json(entry);
  return R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kOciIndex) + R"(","manifests":[)" + list + "]}";
}

std::string artifact_manifest(const oci::Descriptor& config, const oci::Descriptor& layer,
                              const std::optional<oci::Descriptor>& subject, const std::string& artifact_type) {
  std::string text = R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kOciManifest) + R"(","config":)" +
                     descriptor_json(config) + R"(,"layers":[)" + descriptor_json(layer) + "]";
  if (!artifact_type.empty()) text += R"(,"artifactType":")" + artifact_type + "\"";
  if (subject) text += R"(,"subject":)" + descriptor_json(*subject);
  return text + R"(,"annotations":{"made":"here"}})";
}

oci::PlannedBlob DeliverySample::keep(const std::string& content, std::string_view media_type) {
  const auto digest = digest_of(content);
  bytes[digest] = content;
  return {digest, content.size(), std::string(media_type)};
}

oci::NamedImage& DeliverySample::add_image(const std::string& reference, const MadeImage& image) {
  oci::NamedImage named = image.named(reference);
  named.blobs = {keep(image.manifest, image.root.media_type)};
  named.blobs.push_back(keep(image.config, kConfig));
  for (const auto& layer : image.packed) named.blobs.push_back(keep(layer, kLayer));
  images.push_back(named);
  return images.back();
}

oci::NamedImage& DeliverySample::add_index(const std::string& reference, const std::vector<MadeImage>& children) {
  std::vector<oci::Descriptor> entries;
  for (const auto& child : children) entries.push_back(child.root);
  const std::string index = index_of(entries);
  oci::NamedImage named;
  named.reference = reference;
  named.root = descriptor_of(index, oci::kOciIndex);
  named.blobs.push_back(keep(index, oci::kOciIndex));
  for (const auto& child : children) {
    DeliverySample one;
    one.add_image(reference, child);
    std::ranges::copy(one.images[0].blobs, std::back_inserter(named.blobs));
    bytes.merge(one.bytes);
  }
  images.push_back(named);
  return images.back();
}

oci::Descriptor DeliverySample::add_referrer(oci::NamedImage& image, const oci::Descriptor& subject,
                                             const std::string& content) {
  const auto config = keep("{}", "application/vnd.oci.empty.v1+json");
  const auto layer = keep(content, "application/octet-stream");
  const std::string manifest = artifact_manifest(
      {config.media_type, config.digest, config.size, {}, {}}, {layer.media_type, layer.digest, layer.size, {}, {}},
      oci::Descriptor{subject.media_type, subject.digest, subject.size, {}, {}}, "application/vnd.test.signature");
  const auto planned = keep(manifest, oci::kOciManifest);
  const auto root = descriptor_of(manifest, oci::kOciManifest);
  image.blobs.insert(image.blobs.end(), {planned, config, layer});
  image.attachments.push_back(
      {oci::Attachment::Kind::referrer, subject.digest, root, "application/vnd.test.signature", {}});
  return root;
}

oci::Descriptor DeliverySample::add_cosign(oci::NamedImage& image, const std::string& content) {
  const auto config = keep("{\"cosign\":1}", kConfig);
  const auto layer = keep(content, "application/vnd.dev.cosign.simplesigning.v1+json");
  const std::string manifest =
      artifact_manifest({config.media_type, config.digest, config.size, {}, {}},
                        {layer.media_type, layer.digest, layer.size, {}, {}}, std::nullopt, {});
  const auto planned = keep(manifest, oci::kOciManifest);
  const auto root = descriptor_of(manifest, oci::kOciManifest);
  image.blobs.insert(image.blobs.end(), {planned, config, layer});
  image.attachments.push_back(
      {oci::Attachment::Kind::cosign, image.root.digest, root, {}, oci::referrers_tag(image.root.digest) + ".sig"});
  return root;
}

void DeliverySample::add_layer_image(const std::string& reference, const std::string& layer) {
  MadeImage image;
  image.packed = {layer};
  image.config = R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}})";
  image.manifest = R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kOciManifest) + R"(","config":)" +
                   descriptor_json(descriptor_of(image.config, kConfig)) + R"(,"layers":[)" +
                   descriptor_json(descriptor_of(layer, kLayer)) + "]}";
  image.root = descriptor_of(image.manifest, oci::kOciManifest);
  add_image(reference, image);
}

std::vector<oci::PlannedBlob> DeliverySample::plan() const {
  std::map<digest::Digest, oci::PlannedBlob> all;
  for (const auto& image : images) {
    for (const auto& blob : image.blobs) all.emplace(blob.digest, blob);
  }
  std::vector<oci::PlannedBlob> plan;
  for (const auto& [digest, blob] : all) plan.push_back(blob);
  return plan;
}

namespace {

void put_one(oci::ImageDestination& destination, const digest::Digest& digest, const std::string& content) {
  const auto sink = destination.put(digest);
  base::ByteView rest = base::as_bytes(content);
  while (!rest.empty()) {
    const auto piece = rest.first(std::min<std::size_t>(rest.size(), 100'000));
    sink->write(piece);
    rest = rest.subspan(piece.size());
  }
  sink->finish();
}

}  // namespace

void put_all(oci::ImageDestination& destination, const DeliverySample& sample) {
  for (const auto& blob : sample.plan()) {
    if (destination.holds(blob.digest)) continue;
    for (bool again = true; again;) {
      try {
        put_one(destination, blob.digest, sample.bytes_of(blob.digest));
        again = false;
      } catch (const base::Error& failure) {
        if (!destination.retries(blob.digest, failure)) throw;
      }
    }
  }
}

void deliver(oci::ImageDestination& destination, const DeliverySample& sample) {
  destination.begin(sample.images, sample.plan());
  put_all(destination, sample);
  destination.settle();
  destination.commit();
}

std::vector<registry::Referrer> referrers_of(const registry::Repository& repository, const digest::Digest& subject) {
  auto found = repository.referrers_by_api(subject).value_or(std::vector<registry::Referrer>());
  for (auto& referrer : repository.referrers_by_tag(subject)) {
    const auto same = [&](const auto& known) { return known.descriptor.digest == referrer.descriptor.digest; };
    if (std::ranges::none_of(found, same)) found.push_back(std::move(referrer));
  }
  return found;
}

}  // namespace gapstow::test
