// Manifests, indexes and configurations. First byte: which of them the rest is.
#include "fuzz/fuzz.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/oci/manifest.h"

using namespace gapstow;

namespace {

void check(const oci::Descriptor& descriptor) {
  const json::Value written(oci::write_descriptor(descriptor));
  const std::string text = json::serialize(written);
  const json::Value again = json::parse(base::as_bytes(text));
  fuzz::require(oci::read_descriptor(json::Cursor(again)) == descriptor, "a descriptor survives writing and reading");
}

void check_document(base::ByteView bytes, std::string_view media_type) {
  const auto document = fuzz::accepted([&] { return oci::parse_manifest(bytes, media_type); });
  if (!document) return;
  const auto subject = std::visit([](const auto& each) { return each.subject; }, *document);
  if (subject) check(*subject);
  if (const auto* index = std::get_if<oci::Index>(&*document)) {
    fuzz::require(oci::is_index(index->media_type), "an index is called one");
    for (const auto& entry : index->manifests) check(entry);
    return;
  }
  const auto& manifest = std::get<oci::Manifest>(*document);
  fuzz::require(oci::is_image_manifest(manifest.media_type), "a manifest is called one");
  fuzz::require(manifest.layers.size() <= oci::kMaxLayers, "layers are bounded");
  check(manifest.config);
  for (const auto& layer : manifest.layers) check(layer);
}

}  // namespace

FUZZ_TARGET(input) {
  if (input.empty()) return;
  const auto rest = input.subspan(1);
  switch (static_cast<char>(input[0])) {
    case 'o':
      return check_document(rest, oci::kOciManifest);
    case 'i':
      return check_document(rest, oci::kOciIndex);
    case 'c':
      static_cast<void>(fuzz::accepted([&] { return oci::parse_image_config(rest); }));
      return;
    default:
      return check_document(rest, {});
  }
}
