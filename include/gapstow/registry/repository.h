// Repository: the operations of the OCI distribution specification 1.1 on one repository.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/stream.h"
#include "gapstow/digest/digest.h"
#include "gapstow/oci/descriptor.h"
#include "gapstow/registry/server.h"

namespace gapstow::registry {

inline constexpr std::size_t kMaxTags = 1'000'000;     ///< of a repository
inline constexpr std::size_t kMaxReferrers = 100'000;  ///< of a manifest

/// A manifest as a registry gave it, byte for byte.
struct FoundManifest {
  oci::Descriptor descriptor;  ///< media type as the server said, or as the content says; digest and size of the bytes
  base::Bytes bytes;
};

/// Safe to use from several threads at once.
class Repository {
 public:
  /// `path`: "team/app". The server outlives it.
  Repository(Server& server, std::string path) : server_(server), path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  Server& server() const { return server_; }

  /// By tag or by digest text. By digest the bytes are proven to be those asked for (Error{digest_mismatch}); by tag the
  /// digest is that of the bytes, and another Docker-Content-Digest is Error{digest_mismatch}. Nothing when there is none.
  std::optional<FoundManifest> get_manifest(const std::string& reference) const;
  /// The digest and media type under a tag or digest, without the bytes; nothing when there is none.
  std::optional<oci::Descriptor> head_manifest(const std::string& reference) const;
  struct StoredManifest {
    bool subject_indexed = false;  ///< OCI-Subject: the registry keeps the referrers itself
  };
  /// Stores the bytes as they are. The registry must answer with their digest.
  StoredManifest put_manifest(const std::string& reference, const std::string& media_type, base::ByteView bytes) const;

  /// The size of a blob that is there.
  std::optional<std::uint64_t> head_blob(const digest::Digest& digest) const;
  /// A blob as a stream of exactly descriptor.size bytes, unproven. A cut connection is taken up again by Range (from
  /// the start, skipping, where the server knows no ranges), as often as retries allow without progress.
  std::unique_ptr<base::Source> open_blob(const oci::Descriptor& descriptor) const;
  /// Makes a blob of another repository of this registry appear here; false when the registry would not.
  bool mount_blob(const digest::Digest& digest, const std::string& from) const;

  /// All tags, over all pages, in the order of the registry. A Link to another host is Error{network}.
  std::vector<std::string> tags() const;
  /// What refers to a manifest: the referrers API, else the fallback tag. Error{malformed} when the tag holds something
  /// else than an index, or an index of something else.
  std::vector<oci::Descriptor> referrers(const digest::Digest& subject) const;

 private:
  Server& server_;
  std::string path_;
};


}  // namespace gapstow::registry
