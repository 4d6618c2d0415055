// Docker archives with a manifest at hand: whatever is offered can be read.
#include "fuzz/fuzz.h"
#include "fuzz/heap.h"
#include "fuzz/memory_fs.h"
#include "gapstow/base/fs.h"
#include "gapstow/oci/image_source.h"

using namespace gapstow;

namespace {

/// Small members of a compressed archive are kept, and so are lists and configurations; windows of decompressors.
constexpr std::size_t kHeapBase = 96U << 20;
constexpr std::uint64_t kMaxRead = 1U << 20;

const std::vector<base::Bytes>& signed_manifests() {
  static const std::vector<base::Bytes> manifests = [] {
    base::SystemFs fs;
    const std::string folder = std::string(GAPSTOW_SOURCE_DIR) + "/samples/images/manifests/";
    return std::vector<base::Bytes>{base::read_file(fs, folder + "app-1.1.manifest.json", oci::kMaxManifestBytes)};
  }();
  return manifests;
}

void check_attachments(oci::ImageSource& source, const digest::Digest& subject) {
  const auto attachments = fuzz::accepted([&] { return source.attachments(subject); });
  if (!attachments) return;
  for (const auto& each : *attachments) {
    fuzz::require(each.subject == subject, "an attachment belongs to what was asked for");
    fuzz::require(source.find(each.root).has_value(), "an attachment is there");
    const bool tagged = each.kind == oci::Attachment::Kind::cosign;
    fuzz::require(tagged == oci::is_cosign_tag(each.tag, subject), "cosign's attachments have a tag of its form");
  }
}

/// A blob has the size that was found, and one that is proven has its digest.
void check_size(oci::ImageSource& source, const oci::Descriptor& blob) {
  const auto size = source.find(blob);
  if (!size || *size > kMaxRead) return;
  const auto bytes = fuzz::accepted([&] { return base::read_all(*source.open(blob), kMaxRead); });
  fuzz::require(!bytes || bytes->size() == *size, "a blob has the size that was found");
  const auto proven = fuzz::accepted([&] { return oci::read_blob(source, blob, kMaxRead); });
  if (!proven) return;
  fuzz::require(bytes && *bytes == *proven, "a blob reads the same twice");
  fuzz::require(blob.digest.algorithm() != digest::Algorithm::sha256 || digest::sha256(*proven) == blob.digest,
                "what is proven has the digest");
}

/// The same file offers the same again.
void check_again(oci::ImageSource& first, oci::ImageSource& second) {
  const auto& images = first.images();
  const auto& others = second.images();
  fuzz::require(images.size() == others.size(), "the same images are offered again");
  for (std::size_t i = 0; i < images.size(); ++i) {
    fuzz::require(images[i].root.digest == others[i].root.digest && images[i].names == others[i].names &&
                      images[i].binding == others[i].binding && images[i].has_manifest == others[i].has_manifest,
                  "and each is the same");
  }
}

void check(oci::ImageSource& source, const oci::SourceImage& image) {
  const bool bound = image.binding == oci::Binding::diff_ids || !image.has_manifest;
  if (bound) fuzz::require(source.find(image.root).has_value(), "a bound root is offered");
  if (!source.find(image.root)) return;
  const auto stream = fuzz::accepted([&] { return source.open(image.root); });
  fuzz::require(stream.has_value(), "what is found can be opened");
  check_size(source, image.root);
  static_cast<void>(fuzz::accepted([&] { return source.find_manifest(image.root.digest); }));
  check_attachments(source, image.root.digest);
  static_cast<void>(fuzz::accepted([&] { return oci::read_blob(source, image.root, oci::kMaxConfigBytes); }));
}

}  // namespace

FUZZ_TARGET(input) {
  const fuzz::HeapLimit heap(kHeapBase + fuzz::kParsedPerByte * input.size());
  fuzz::OneFile fs(input);
  const auto source = fuzz::accepted([&] { return oci::open_docker_archive(fs, "fuzz", signed_manifests()); });
  if (!source) return;
  for (const auto& image : (*source)->images()) check(**source, image);
  check_again(**source, *oci::open_docker_archive(fs, "fuzz", signed_manifests()));
}
