#include "attachment_lookup.h"

#include <algorithm>

namespace gapstow::registry {

using oci::Attachment;

std::vector<Attachment> AttachmentLookup::find(const digest::Digest& subject) {
  std::vector<Attachment> found;
  for (auto& referrer : referrers(subject)) {
    found.push_back(
        {Attachment::Kind::referrer, subject, std::move(referrer.descriptor), std::move(referrer.artifact_type), {}});
  }
  for (const auto suffix : oci::kCosignSuffixes) {
    std::string tag = oci::referrers_tag(subject).append(suffix);
    if (!may_exist(tag)) continue;
    if (auto root = repository_.head_manifest(tag)) {
      found.push_back({Attachment::Kind::cosign, subject, std::move(*root), {}, std::move(tag)});
    }
  }
  return found;
}

/// The API and the fallback tag, which holds what was pushed before a registry had the API.
std::vector<Referrer> AttachmentLookup::referrers(const digest::Digest& subject) {
  std::vector<Referrer> all;
  if (!lacks_the_api_) {
    auto by_api = repository_.referrers_by_api(subject);
    lacks_the_api_ = !by_api;
    if (by_api) all = std::move(*by_api);
  }
  if (!may_exist(oci::referrers_tag(subject))) return all;
  for (auto& referrer : repository_.referrers_by_tag(subject)) {
    const auto same = [&](const Referrer& known) { return known.descriptor.digest == referrer.descriptor.digest; };
    if (std::ranges::none_of(all, same)) all.push_back(std::move(referrer));
  }
  return all;
}

bool AttachmentLookup::may_exist(const std::string& tag) {
  if (!asked_for_tags_) {
    asked_for_tags_ = true;
    if (auto tags = repository_.short_tag_list()) tags_.emplace(tags->begin(), tags->end());
  }
  return !tags_ || tags_->contains(tag);
}

}  // namespace gapstow::registry
