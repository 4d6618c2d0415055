// Descriptors, platforms and media types. Source: OCI image specification 1.1; Docker image manifest V2 schema 2.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gapstow/digest/digest.h"
#include "gapstow/json/cursor.h"

namespace gapstow::oci {

inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

bool is_image_manifest(std::string_view media_type);
bool is_index(std::string_view media_type);

/// os/architecture[/variant].
struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;
  std::string text() const;
  /// True when `this`, read as a filter, accepts `other`: an empty variant accepts any.
  bool accepts(const Platform& other) const;
  auto operator<=>(const Platform&) const = default;
  bool operator==(const Platform&) const = default;
};

/// "linux/arm64/v8"; Error{usage} otherwise.
Platform parse_platform(std::string_view text);

/// What one document says of another: size first, digest second, content last.
struct Descriptor {
  std::string media_type;
  digest::Digest digest;
  std::uint64_t size = 0;
  std::optional<Platform> platform;
  std::map<std::string, std::string> annotations;
  bool operator==(const Descriptor&) const = default;
};

/// Strict on what is used (mediaType, digest, size), tolerant of members that are not.
Descriptor read_descriptor(const json::Cursor& at);
/// The members above, in canonical order; empty ones left out.
json::Object write_descriptor(const Descriptor& descriptor);

}  // namespace gapstow::oci
