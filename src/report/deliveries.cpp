#include "deliveries.h"

#include "json_parts.h"

namespace gapstow::report {
namespace {

json::Value tally_json(const oci::Delivery& delivery, Fate fate) {
  const Tally sum = tally(delivery, fate);
  return json::Object{{"blobs", sum.blobs}, {"bytes", sum.bytes}};
}

json::Value blob_json(const oci::Delivery::Blob& blob) {
  return json::Object{
      {"digest", blob.blob.digest.text()}, {"size", blob.blob.size}, {"fate", std::string(name(blob.fate))}};
}

}  // namespace

Tally tally(const oci::Delivery& delivery, Fate fate) {
  Tally sum;
  for (const auto& blob : delivery.blobs) {
    if (blob.fate != fate) continue;
    ++sum.blobs;
    sum.bytes += blob.blob.size;
  }
  return sum;
}

std::string_view name(Fate fate) {
  switch (fate) {
    case Fate::written:
      return "written";
    case Fate::mounted:
      return "mounted";
    case Fate::present:
      return "present";
  }
  return "";
}

bool is_delivered(const transfer::ImageOutcome& image) {
  return !image.imported_as.empty() && !(image.delivery && image.delivery->failure);
}

json::Value attachment_json(const bundle::AttachmentRecord& attachment) {
  return json::Object{{"kind", attachment.kind},
                      {"subject", attachment.subject.text()},
                      {"digest", attachment.digest.text()},
                      {"mediaType", attachment.media_type},
                      {"size", attachment.size},
                      {"artifactType", text_or_null(attachment.artifact_type)},
                      {"tag", text_or_null(attachment.tag)}};
}

json::Value delivery_json(const std::optional<oci::Delivery>& delivery) {
  if (!delivery) return {};
  return json::Object{{"name", delivery->name},
                      {"failure", error_json(delivery->failure)},
                      {"written", tally_json(*delivery, Fate::written)},
                      {"mounted", tally_json(*delivery, Fate::mounted)},
                      {"present", tally_json(*delivery, Fate::present)},
                      {"blobs", array_of(delivery->blobs, blob_json)}};
}

json::Value left_out_json(const transfer::Failure& failure) {
  return json::Object{{"what", failure.what},
                      {"code", std::string(base::name(failure.error.code()))},
                      {"reason", failure.error.line()}};
}

}  // namespace gapstow::report
