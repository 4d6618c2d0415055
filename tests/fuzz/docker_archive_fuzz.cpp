// Docker archives with a manifest at hand: whatever is offered can be read.
#include "fuzz/fuzz.h"
#include "fuzz/memory_fs.h"
#include "gapstow/base/fs.h"
#include "gapstow/oci/image_source.h"

using namespace gapstow;

namespace {

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

void check(oci::ImageSource& source, const oci::SourceImage& image) {
  const bool bound = image.binding == oci::Binding::diff_ids || !image.has_manifest;
  if (bound) fuzz::require(source.find(image.root).has_value(), "a bound root is offered");
  if (!source.find(image.root)) return;
  const auto stream = fuzz::accepted([&] { return source.open(image.root); });
  fuzz::require(stream.has_value(), "what is found can be opened");
  static_cast<void>(fuzz::accepted([&] { return source.find_manifest(image.root.digest); }));
  check_attachments(source, image.root.digest);
  static_cast<void>(fuzz::accepted([&] { return oci::read_blob(source, image.root, oci::kMaxConfigBytes); }));
}

}  // namespace

FUZZ_TARGET(input) {
  fuzz::OneFile fs(input);
  const auto source = fuzz::accepted([&] { return oci::open_docker_archive(fs, "fuzz", signed_manifests()); });
  if (!source) return;
  for (const auto& image : (*source)->images()) check(**source, image);
}
