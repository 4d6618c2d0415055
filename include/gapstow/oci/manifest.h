// Manifests, indexes and image configurations: the parts that tie an image together.
// Source: OCI image specification 1.1, Docker image manifest V2 schema 2.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/oci/descriptor.h"

namespace gapstow::oci {

inline constexpr std::uint64_t kMaxManifestBytes = 4ULL << 20;  ///< what registries accept at least
inline constexpr std::uint64_t kMaxConfigBytes = 8ULL << 20;    ///< largest seen in the wild: under 1 MiB
inline constexpr std::size_t kMaxLayers = 1024;                 ///< runtimes stop at 128
inline constexpr std::size_t kMaxIndexEntries = 4096;
inline constexpr unsigned kMaxIndexDepth = 4;  ///< an index in an index in …

/// One image (or artifact).
struct Manifest {
  std::string media_type;
  Descriptor config;
  std::vector<Descriptor> layers;
  std::optional<Descriptor> subject;
  std::string artifact_type;  ///< empty when there is none
};

/// Several images under one digest.
struct Index {
  std::string media_type;
  std::vector<Descriptor> manifests;
  std::optional<Descriptor> subject;
  std::string artifact_type;  ///< likewise
};

/// Parses by content: exactly one of `layers` and `manifests`; a mediaType inside that contradicts
/// `media_type` is Error{malformed} (it may be absent in OCI documents); schema 1 is Error{unsupported}.
std::variant<Manifest, Index> parse_manifest(base::ByteView bytes, std::string_view media_type);

/// What the configuration says: the platform and the digests of the uncompressed layers, in order.
struct ImageConfig {
  Platform platform;
  std::vector<digest::Digest> diff_ids;
};
/// Throws Error{malformed}. Artifacts (configs that are no image configuration) must not be passed.
ImageConfig parse_image_config(base::ByteView bytes);
/// True for the two image configuration media types.
bool is_image_config(std::string_view media_type);

}  // namespace gapstow::oci
