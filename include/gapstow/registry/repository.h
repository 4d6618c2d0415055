// Repository: the operations of the OCI distribution specification 1.1 on one repository.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/stream.h"
#include "gapstow/digest/digest.h"
#include "gapstow/oci/descriptor.h"
#include "gapstow/registry/server.h"
#include "gapstow/registry/settings.h"

namespace gapstow::registry {

inline constexpr std::size_t kMaxTags = 1'000'000;     ///< of a repository
inline constexpr std::size_t kMaxReferrers = 100'000;  ///< of a manifest

/// A manifest as a registry gave it, byte for byte.
struct FoundManifest {
  oci::Descriptor descriptor;  ///< media type as the server said, or as the content says; digest and size of the bytes
  base::Bytes bytes;
};

/// What a referrers list says of one entry; unproven.
struct Referrer {
  oci::Descriptor descriptor;
  std::string artifact_type;  ///< may be empty
};

/// How a transfer that was cut is taken up again.
struct ResumePolicy {
  unsigned retries = kDefaultRetries;  ///< in a row without progress
  /// Waits before a retry; throws Error{interrupted} when the run is cancelled. None: no waiting.
  std::function<void(std::chrono::milliseconds)> wait;
};

/// What tokens are asked for. A destination asks for all it will need at once: servers hide what may not be pushed to.
enum class Access { pull, push };

/// Safe to use from several threads at once.
class Repository {
 public:
  /// `path`: "team/app". The server outlives it.
  Repository(Server& server, std::string path, Access access = Access::pull, ResumePolicy policy = {})
      : server_(server), path_(std::move(path)), access_(access), policy_(std::move(policy)) {}
  const std::string& path() const { return path_; }
  /// "localhost:5000/team/app", for messages.
  std::string name() const { return server_.host() + "/" + path_; }
  const ResumePolicy& policy() const { return policy_; }
  /// The token scope of its calls.
  std::string scope() const;
  Server& server() const { return server_; }

  /// By tag or by digest text. By digest the bytes are proven to be those asked for (Error{digest_mismatch}); by tag
  /// the digest is that of the bytes, and another Docker-Content-Digest is Error{digest_mismatch}. Nothing when there
  /// is none.
  std::optional<FoundManifest> get_manifest(const std::string& reference) const;
  /// The digest and media type under a tag or digest, without the bytes; nothing when there is none.
  std::optional<oci::Descriptor> head_manifest(const std::string& reference) const;
  struct StoredManifest {
    bool subject_indexed = false;  ///< OCI-Subject: the registry keeps the referrers itself
  };
  /// Stores the bytes as they are. The registry must answer with their digest.
  StoredManifest put_manifest(const std::string& reference, const std::string& media_type, base::ByteView bytes) const;

  /// The size of a blob that is there; nothing, too, when the registry does not tell a size.
  std::optional<std::uint64_t> head_blob(const digest::Digest& digest) const;
  /// A blob as a stream of exactly descriptor.size bytes, unproven. A cut connection is taken up again by Range (from
  /// the start, skipping, where the server knows no ranges), as often as retries allow without progress.
  std::unique_ptr<base::Source> open_blob(const oci::Descriptor& descriptor) const;
  /// Makes a blob of another repository of this registry appear here; false when the registry would not.
  bool mount_blob(const digest::Digest& digest, const std::string& from) const;

  /// All tags, over all pages, in the order of the registry. A Link to another host is Error{network}.
  std::vector<std::string> tags() const;
  /// All tags when one page holds them; nothing when there are more, or the registry gives no list.
  std::optional<std::vector<std::string>> short_tag_list() const;
  /// What refers to a manifest, by the referrers API; nothing when the registry does not have it.
  std::optional<std::vector<Referrer>> referrers_by_api(const digest::Digest& subject) const;
  /// The same by the fallback tag. Error{malformed} when it holds something else than an index.
  std::vector<Referrer> referrers_by_tag(const digest::Digest& subject) const;

 private:
  Server& server_;
  std::string path_;
  Access access_;
  ResumePolicy policy_;
};

}  // namespace gapstow::registry
