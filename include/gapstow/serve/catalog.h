// Catalog: what the held bundles offer, by the names under which the images were signed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/enforce/relocations.h"
#include "gapstow/oci/attachment.h"
#include "gapstow/serve/decisions.h"
#include "gapstow/serve/http.h"
#include "gapstow/transfer/held.h"

namespace gapstow::serve {

using Bundle = std::shared_ptr<const transfer::HeldBundle>;

/// One blob of a repository, and the images (by the digests of their signed manifests) that make it part of it.
struct CatalogBlob {
  /// A payload entry of a bundle.
  struct Copy {
    Bundle bundle;
    std::size_t entry = 0;
  };
  std::string media_type;
  std::uint64_t size = 0;
  SharedBody document;       ///< manifests and configurations
  std::vector<Copy> copies;  ///< of all else: one in each bundle that holds it, in the order of the bundles
  bool is_manifest = false;
  bool is_attachment = false;  ///< carried with the image; nothing proves it
  std::vector<digest::Digest> images;
};

/// A chain's files, as they were served.
struct CatalogChain {
  Bundle bundle;
  std::size_t index = 0;  ///< among Statement::chains
  /// "timestamp", "root", "targets/releases", and each with its version: "1.root", "4.targets/releases".
  std::map<std::string, SharedBody, std::less<>> files;
};

/// One origin repository.
struct CatalogRepository {
  std::string origin;                                     ///< "docker.io/library/redis"
  std::map<std::string, digest::Digest> tags;             ///< of the newest bundle that names them
  std::map<std::string, digest::Digest> attachment_tags;  ///< "sha256-….sig"
  std::map<digest::Digest, CatalogBlob> blobs;
  std::map<digest::Digest, std::vector<oci::Attachment>> referrers;  ///< by subject
  std::map<digest::Digest, std::string> left_out;  ///< platforms that were not packed, and the image that lists them
};

/// Immutable; any number of threads.
class Catalog {
 public:
  /// Of two bundles that name a tag, or hold a chain, the one with the higher versions counts, then the one sealed
  /// later, as in decisions_of(). A chain that is older than what was seen here is not offered.
  explicit Catalog(const std::vector<Bundle>& bundles);

  const CatalogRepository* find(std::string_view origin) const;
  const CatalogChain* chain(std::string_view gun) const;
  const std::map<std::string, CatalogRepository, std::less<>>& repositories() const { return repositories_; }
  const std::map<std::string, CatalogChain, std::less<>>& chains() const { return chains_; }

  /// Repositories whose path, without the host, is this one.
  std::vector<const CatalogRepository*> with_path(std::string_view path) const;

 private:
  void add_image(const Bundle& bundle, std::size_t index);
  void add_chain(const Bundle& bundle, std::size_t index);

  std::map<std::string, CatalogRepository, std::less<>> repositories_;
  std::map<std::string, CatalogChain, std::less<>> chains_;
  std::map<std::string, std::vector<std::string>, std::less<>> origins_;  ///< by path
  std::map<std::string, Age> tag_ages_;                                   ///< by whole reference
  std::map<std::string, Age> chain_ages_;
};

}  // namespace gapstow::serve
