#include "gapstow/oci/attachment.h"

#include <algorithm>

#include "attachment_tags.h"
#include "gapstow/base/encoding.h"

namespace gapstow::oci {
namespace {

constexpr std::string_view kStem = "sha256-";
constexpr std::size_t kDigits = 64;

}  // namespace

std::string referrers_tag(const digest::Digest& subject) {
  // The specification keeps 64 characters of the value, whatever the algorithm.
  return std::string(digest::name(subject.algorithm())) + "-" + subject.hex().substr(0, kDigits);
}

bool is_cosign_tag(std::string_view tag, const digest::Digest& subject) {
  if (subject.empty()) return false;
  const std::string stem = referrers_tag(subject);
  return tag.starts_with(stem) &&
         std::ranges::find(kCosignSuffixes, tag.substr(stem.size())) != std::ranges::end(kCosignSuffixes);
}

std::string_view tag_part(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::optional<digest::Digest> referrers_subject(std::string_view tag) {
  if (!tag.starts_with(kStem) || !base::is_hex(tag.substr(kStem.size()), kDigits)) return std::nullopt;
  return digest::Digest::from_sha256_hex(tag.substr(kStem.size()));
}

std::optional<digest::Digest> cosign_subject(std::string_view tag) {
  auto subject = referrers_subject(tag.substr(0, kStem.size() + kDigits));
  if (subject && !is_cosign_tag(tag, *subject)) subject.reset();
  return subject;
}

}  // namespace gapstow::oci
