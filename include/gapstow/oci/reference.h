// Image references. Source: distribution/reference grammar, with Docker's short forms normalised.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "gapstow/digest/digest.h"

namespace gapstow::oci {

inline constexpr std::size_t kMaxReferenceLength = 512;  ///< repository at most 255, tag at most 128

/// HOST/PATH[:TAG][@DIGEST], fully qualified.
struct Reference {
  std::string host;  ///< "docker.io", "localhost:5000", "[::1]:5000"
  std::string path;  ///< "library/alpine"
  std::string tag;   ///< empty when there is none
  std::optional<digest::Digest> digest;

  /// "docker.io/library/alpine": what Notary calls the GUN.
  std::string repository() const { return host + "/" + path; }
  /// The whole, in normal form.
  std::string text() const;
  /// The form Docker shows and `RepoTags` hold: without "docker.io/" and "library/"; needs a tag.
  std::string familiar() const;

  auto operator<=>(const Reference&) const = default;
  bool operator==(const Reference&) const = default;
};

/// "alpine:3.20" -> docker.io/library/alpine:3.20. Without tag and digest the tag becomes "latest" when
/// `default_tag`. Throws Error{invalid_reference} with the offending part.
Reference parse_reference(std::string_view text, bool default_tag = true);

}  // namespace gapstow::oci
