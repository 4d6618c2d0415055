#include "gapstow/oci/descriptor.h"

#include <algorithm>

#include "foreign_json.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "media_type.h"
#include "platform_parts.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kMaxMediaType = 255;
constexpr std::size_t kMaxAnnotations = 1024;
constexpr std::size_t kMaxPlatformPart = 64;

bool is_media_type(std::string_view text) {
  const auto parts = base::split(text, '/');
  return parts.size() == 2 && std::ranges::all_of(parts, [](std::string_view part) {
           return !part.empty() && std::ranges::all_of(part, [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    std::string_view("!#$&-^_.+;= ").find(c) != std::string_view::npos;
           });
         });
}

bool is_platform_part(std::string_view part) {
  return part.size() <= kMaxPlatformPart && std::ranges::all_of(part, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_';
         });
}

std::string platform_part(const json::Cursor& at, std::string_view name) {
  const auto member = maybe_set(at, name);
  if (!member) return {};
  const std::string& part = member->string();
  if (!is_platform_part(part)) member->refuse("'" + base::printable(part) + "' is no part of a platform");
  return part;
}

std::optional<Platform> read_platform(const json::Cursor& at) {
  check_names(at, {"os", "architecture", "variant"});
  Platform platform = read_platform_parts(at);
  if (platform.os.empty() && platform.architecture.empty()) return std::nullopt;
  return platform;
}

digest::Digest read_digest(const json::Cursor& at) {
  const std::string& text = at.string(256);
  return base::with_context(at.path(), [&] {
    auto digest = digest::Digest::parse(text);
    if (digest.algorithm() != digest::Algorithm::sha256) {
      throw Error(ErrorCode::unsupported, "digest " + digest.short_text() + " is not SHA-256",
                  "bundles hold blobs under their SHA-256; push the image again with SHA-256 digests");
    }
    return digest;
  });
}

}  // namespace

std::string read_media_type(const json::Cursor& at) {
  std::string media_type = at.string(kMaxMediaType);
  if (!is_media_type(media_type)) at.refuse("no media type");
  return media_type;
}

Platform read_platform_parts(const json::Cursor& at) {
  return {platform_part(at, "os"), platform_part(at, "architecture"), platform_part(at, "variant")};
}

bool is_image_manifest(std::string_view media_type) {
  return media_type == kOciManifest || media_type == kDockerManifest;
}

bool is_index(std::string_view media_type) { return media_type == kOciIndex || media_type == kDockerList; }

std::string Platform::text() const { return os + "/" + architecture + (variant.empty() ? "" : "/" + variant); }

bool Platform::accepts(const Platform& other) const {
  return os == other.os && architecture == other.architecture && (variant.empty() || variant == other.variant);
}

Platform parse_platform(std::string_view text) {
  const auto parts = base::split(text, '/');
  const bool good = parts.size() >= 2 && parts.size() <= 3 && std::ranges::all_of(parts, [](std::string_view part) {
                      return !part.empty() && is_platform_part(part);
                    });
  if (!good) {
    throw Error(ErrorCode::usage, "'" + base::printable(text) + "' is no platform",
                "write os/architecture or os/architecture/variant, as in linux/arm64/v8");
  }
  return {std::string(parts[0]), std::string(parts[1]), parts.size() == 3 ? std::string(parts[2]) : std::string()};
}

Descriptor read_descriptor(const json::Cursor& at) {
  check_names(at, {"mediaType", "digest", "size", "platform", "annotations"});
  Descriptor descriptor;
  descriptor.media_type = read_media_type(at.at("mediaType"));
  descriptor.digest = read_digest(at.at("digest"));
  descriptor.size = at.at("size").unsigned_integer();
  if (const auto platform = maybe_set(at, "platform")) descriptor.platform = read_platform(*platform);
  if (const auto annotations = maybe_set(at, "annotations")) {
    for (const auto& [name, value] : annotations->members(kMaxAnnotations)) {
      descriptor.annotations.emplace(name, value.string());
    }
  }
  return descriptor;
}

json::Object write_descriptor(const Descriptor& descriptor) {
  json::Object out{
      {"digest", descriptor.digest.text()}, {"mediaType", descriptor.media_type}, {"size", descriptor.size}};
  if (!descriptor.annotations.empty()) {
    json::Object annotations;
    for (const auto& [name, value] : descriptor.annotations) annotations.set(name, value);
    out.set("annotations", std::move(annotations));
  }
  if (descriptor.platform) {
    const Platform& platform = *descriptor.platform;
    json::Object object{{"architecture", platform.architecture}, {"os", platform.os}};
    if (!platform.variant.empty()) object.set("variant", platform.variant);
    out.set("platform", std::move(object));
  }
  return out;
}

}  // namespace gapstow::oci
