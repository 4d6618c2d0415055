#include "gapstow/oci/manifest.h"

#include "foreign_json.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "media_type.h"
#include "platform_parts.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1";
constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";

void refuse_schema1(const json::Cursor& at, std::string_view media_type) {
  bool old = media_type.starts_with(kSchema1) || at.maybe("fsLayers").has_value();
  if (const auto version = at.maybe("schemaVersion")) {
    const auto* number = version->value().get_if<std::int64_t>();
    old = old || (number != nullptr && *number == 1);
  }
  if (!old) return;
  throw Error(ErrorCode::unsupported, "a Docker schema 1 manifest, which names no configuration",
              "push the image again with a current tool");
}

/// What the document says it is, or what it must be when it says nothing.
std::string settle_media_type(const json::Cursor& at, std::string_view expected, bool index) {
  const std::string_view by_content = index ? kOciIndex : kOciManifest;
  std::string media_type(expected.empty() ? by_content : expected);
  if (const auto inside = at.maybe("mediaType")) {
    const std::string& said = inside->string(255);
    if (!expected.empty() && said != expected) {
      inside->refuse("'" + base::printable(said) + "', but it was announced as " + base::printable(expected));
    }
    media_type = said;
  } else if (media_type == kDockerManifest || media_type == kDockerList) {
    at.refuse("member 'mediaType' is missing");
  }
  if (!is_image_manifest(media_type) && !is_index(media_type)) {
    throw Error(ErrorCode::unsupported, "documents of type " + base::printable(media_type) + " are not known");
  }
  if (is_index(media_type) != index) {
    at.refuse("media type " + media_type + " does not fit the content");
  }
  return media_type;
}

std::vector<Descriptor> read_list(const json::Cursor& at, std::size_t limit, const std::string& what) {
  const auto items = at.array();
  base::check_limit(items.size(), limit, what);
  std::vector<Descriptor> list;
  list.reserve(items.size());
  for (const auto& item : items) list.push_back(read_descriptor(item));
  return list;
}

std::optional<Descriptor> read_subject(const json::Cursor& at) {
  const auto subject = maybe_set(at, "subject");
  if (!subject) return std::nullopt;
  return read_descriptor(*subject);
}

/// Empty texts are what some writers make of a type that is not set.
std::string read_artifact_type(const json::Cursor& at) {
  const auto type = maybe_set(at, "artifactType");
  return !type || type->string().empty() ? std::string() : read_media_type(*type);
}

/// Both required by the specification; a variant may be empty.
Platform required_platform(const json::Cursor& at) {
  Platform platform = read_platform_parts(at);
  if (platform.os.empty()) at.refuse("member 'os' is missing or empty");
  if (platform.architecture.empty()) at.refuse("member 'architecture' is missing or empty");
  return platform;
}

}  // namespace

std::variant<Manifest, Index> parse_manifest(base::ByteView bytes, std::string_view media_type) {
  const json::Value value = parse_foreign(bytes, kMaxManifestBytes);
  const json::Cursor at(value);
  check_names(at, {"schemaVersion", "mediaType", "config", "layers", "manifests", "subject", "artifactType",
                   "annotations", "fsLayers"});
  refuse_schema1(at, media_type);
  at.at("schemaVersion").integer(2, 2);
  const bool index = at.maybe("manifests").has_value();
  if (index && (at.maybe("layers") || at.maybe("config"))) at.refuse("image manifest and index at once");
  const std::string type = settle_media_type(at, media_type, index);
  if (index) {
    return Index{type, read_list(at.at("manifests"), kMaxIndexEntries, "number of index entries"), read_subject(at),
                 read_artifact_type(at)};
  }
  return Manifest{type, read_descriptor(at.at("config")), read_list(at.at("layers"), kMaxLayers, "number of layers"),
                  read_subject(at), read_artifact_type(at)};
}

ImageConfig parse_image_config(base::ByteView bytes) {
  const json::Value value = parse_foreign(bytes, kMaxConfigBytes);
  const json::Cursor at(value);
  check_names(at, {"architecture", "os", "variant", "rootfs"});
  ImageConfig config;
  config.platform = required_platform(at);
  const auto rootfs = at.at("rootfs");
  check_names(rootfs, {"type", "diff_ids"});
  if (rootfs.at("type").string(64) != "layers") rootfs.at("type").refuse("'layers' is expected");
  const auto ids = maybe_set(rootfs, "diff_ids");
  if (!ids) return config;
  const auto items = ids->array();
  base::check_limit(items.size(), kMaxLayers, "number of diff_ids");
  for (const auto& item : items) {
    config.diff_ids.push_back(base::with_context(item.path(), [&] { return digest::Digest::parse(item.string(256)); }));
    if (config.diff_ids.back().algorithm() != digest::Algorithm::sha256) {
      throw Error(ErrorCode::unsupported, item.path() + " is not SHA-256");
    }
  }
  return config;
}

bool is_image_config(std::string_view media_type) { return media_type == kOciConfig || media_type == kDockerConfig; }

}  // namespace gapstow::oci
