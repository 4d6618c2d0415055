// Tags that say of themselves which manifest they belong to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gapstow/oci/attachment.h"

namespace gapstow::oci {

/// The tag of a name: what stands behind its last colon, or the whole of a bare tag.
std::string_view tag_part(std::string_view name);
/// The subject of a fallback tag "sha256-<hex>".
std::optional<digest::Digest> referrers_subject(std::string_view tag);
/// The subject of a tag of cosign, "sha256-<hex>.sig".
std::optional<digest::Digest> cosign_subject(std::string_view tag);

}  // namespace gapstow::oci
