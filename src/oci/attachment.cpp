#include "gapstow/oci/attachment.h"

#include <algorithm>

namespace gapstow::oci {

std::string referrers_tag(const digest::Digest& subject) {
  // The specification's bounds: 32 characters of the algorithm, 64 of the value.
  return std::string(digest::name(subject.algorithm())) + "-" + subject.hex().substr(0, 64);
}

bool is_cosign_tag(std::string_view tag, const digest::Digest& subject) {
  return std::ranges::any_of(kCosignSuffixes, [&](std::string_view suffix) {
    return tag.ends_with(suffix) && tag.substr(0, tag.size() - suffix.size()) == referrers_tag(subject);
  });
}

}  // namespace gapstow::oci
