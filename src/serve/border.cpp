#include "gapstow/serve/border.h"

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/oci/descriptor.h"
#include "gapstow/oci/manifest.h"

namespace gapstow::serve {
namespace {

using json::Array;
using json::Object;

constexpr std::string_view kConfigType = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view kRootfs =
    R"({"architecture":"","config":{},"os":"","rootfs":{"diff_ids":[],"type":"layers"}})";

SharedBody share(std::string_view text) { return std::make_shared<const base::Bytes>(base::to_bytes(text)); }

Object descriptor(std::string_view media_type, base::ByteView bytes) {
  return {{"mediaType", std::string(media_type)},
          {"digest", digest::sha256(bytes).text()},
          {"size", static_cast<std::uint64_t>(bytes.size())}};
}

/// The layers of a signature manifest that came with the image, as they are.
Array carried_layers(const SharedBody& carried) {
  if (!carried) return {};
  const json::Value value = json::parse(*carried, {.bytes = oci::kMaxManifestBytes, .reals = true});
  const auto layers = json::Cursor(value).maybe("layers");
  const auto* list = layers ? layers->value().get_if<Array>() : nullptr;
  return list != nullptr ? *list : Array{};
}

}  // namespace

std::string simple_signing_payload(const std::string& reference, const digest::Digest& manifest) {
  const Object critical{{"identity", Object{{"docker-reference", reference}}},
                        {"image", Object{{"docker-manifest-digest", manifest.text()}}},
                        {"type", "cosign container image signature"}};
  return json::serialize(Object{{"critical", critical}, {"optional", Object{}}});
}

BorderSignatures::BorderSignatures(std::unique_ptr<sign::Signer> signer) : signer_(std::move(signer)) {
  if (signer_->public_key().type() == sign::KeyType::ecdsa_p256) return;
  throw base::Error(base::ErrorCode::unsupported, "border signatures are made with keys of kind p256 alone",
                    "make one with: gapstow key generate border --algorithm p256");
}

BorderSignatures::Document BorderSignatures::signature(const digest::Digest& manifest,
                                                       const std::vector<std::string>& references,
                                                       const SharedBody& carried) {
  const std::lock_guard lock(mutex_);
  const std::string key = manifest.text() + " " + base::join(references, " ");
  if (const auto found = made_.find(key); found != made_.end()) return found->second;

  Array layers = carried_layers(carried);
  for (const auto& reference : references) {
    const std::string payload = simple_signing_payload(reference, manifest);
    const base::Bytes value = signer_->sign(base::as_bytes(payload));
    Object layer = descriptor(kSimpleSigningType, base::as_bytes(payload));
    layer.set("annotations", Object{{std::string(kCosignAnnotation), base::base64(value)}});
    layers.emplace_back(std::move(layer));
    blobs_[digest::sha256(base::as_bytes(payload))] = {std::string(kSimpleSigningType), share(payload)};
  }
  blobs_[digest::sha256(base::as_bytes(kRootfs))] = {std::string(kConfigType), share(kRootfs)};
  const std::string text = json::serialize(Object{{"schemaVersion", 2},
                                                  {"mediaType", std::string(oci::kOciManifest)},
                                                  {"config", descriptor(kConfigType, base::as_bytes(kRootfs))},
                                                  {"layers", std::move(layers)}});
  Document made{std::string(oci::kOciManifest), share(text)};
  manifests_[digest::sha256(*made.bytes)] = made;
  made_[key] = made;
  return made;
}

std::optional<BorderSignatures::Document> BorderSignatures::blob(const digest::Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(digest);
  return found == blobs_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<BorderSignatures::Document> BorderSignatures::manifest(const digest::Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = manifests_.find(digest);
  return found == manifests_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace gapstow::serve
