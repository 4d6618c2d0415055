// Parts that the text and the JSON reports share about what was carried, delivered and left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gapstow/json/value.h"
#include "gapstow/oci/image_destination.h"
#include "gapstow/transfer/outcome.h"

namespace gapstow::report {

using Fate = oci::Delivery::Blob::Fate;

/// How many blobs of a delivery had one fate, and how large they are together.
struct Tally {
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;
};
Tally tally(const oci::Delivery& delivery, Fate fate);
/// "written", "mounted", "present".
std::string_view name(Fate fate);

/// Whether the image is, or in a rehearsal would be, at the destination.
bool is_delivered(const transfer::ImageOutcome& image);

json::Value attachment_json(const bundle::AttachmentRecord& attachment);
/// null where there is none.
json::Value delivery_json(const std::optional<oci::Delivery>& delivery);
/// {"what", "code", "reason"}.
json::Value left_out_json(const transfer::Failure& failure);

}  // namespace gapstow::report
