// Attachments: artifacts that belong to an image without being part of it — signatures, attestations, SBOMs.
// Source: OCI image specification 1.1 (subject), distribution specification 1.1 (referrers), cosign's tag scheme.
#pragma once

#include <string>
#include <string_view>

#include "gapstow/oci/descriptor.h"

namespace gapstow::oci {

struct Attachment {
  /// How it says what it belongs to.
  enum class Kind {
    referrer,  ///< its manifest names `subject`
    cosign,    ///< it stands under the tag sha256-<hex of subject>.<suffix>; nothing in it names the subject
  };
  Kind kind = Kind::referrer;
  digest::Digest subject;
  Descriptor root;            ///< manifest or index
  std::string artifact_type;  ///< of a referrer: artifactType, or the media type of its configuration; may be empty
  std::string tag;            ///< of cosign: "sha256-….sig"
  bool operator==(const Attachment&) const = default;
};

inline constexpr std::size_t kMaxAttachments = 10'000;  ///< of one image, over all levels
inline constexpr unsigned kMaxAttachmentDepth = 8;      ///< a signature of an SBOM of …

/// "sha256-<hex>": the fallback tag of a manifest's referrers, and the stem of cosign's tags.
std::string referrers_tag(const digest::Digest& subject);
/// "sha256-<hex>.sig": cosign's tags that may belong to a manifest.
inline constexpr std::string_view kCosignSuffixes[] = {".sig", ".att", ".sbom"};
/// True for a tag of cosign's form for this subject.
bool is_cosign_tag(std::string_view tag, const digest::Digest& subject);

}  // namespace gapstow::oci
