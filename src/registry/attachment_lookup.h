// AttachmentLookup: what is attached to the manifests of one repository, with as few questions as that takes.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gapstow/oci/attachment.h"
#include "gapstow/registry/repository.h"

namespace gapstow::registry {

/// Remembers what does not change from manifest to manifest: whether the registry has the referrers API (one that has
/// it never answers 404), and the tags by which attachments are found, where a list of all tags comes in one page. For
/// one thread at a time; the repository outlives it.
class AttachmentLookup {
 public:
  explicit AttachmentLookup(const Repository& repository) : repository_(repository) {}

  /// Referrers, then what stands under cosign's tags.
  std::vector<oci::Attachment> find(const digest::Digest& subject);

 private:
  std::vector<Referrer> referrers(const digest::Digest& subject);
  /// False only where all tags are known and this is none of them.
  bool may_exist(const std::string& tag);

  const Repository& repository_;
  bool lacks_the_api_ = false;
  bool asked_for_tags_ = false;
  std::optional<std::set<std::string>> tags_;  ///< all of them
};

}  // namespace gapstow::registry
