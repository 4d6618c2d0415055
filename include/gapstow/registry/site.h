// Site: files below a URL or in a folder, as repositories of TUF 1.0 are published.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/registry/network.h"
#include "gapstow/tuf/updater.h"

namespace gapstow::registry {

/// Safe to use from several threads.
class Site {
 public:
  virtual ~Site() = default;
  /// The file as a stream, or nothing when there is none. `path` is relative and percent-encoded where it must be.
  /// Error{malformed} for a path with parts that are empty, "." or "..".
  virtual std::unique_ptr<base::Source> open(const std::string& path) = 0;
  /// The site of a folder below this one.
  virtual std::unique_ptr<Site> below(const std::string& folder) const = 0;
  /// As it was named, for messages.
  virtual const std::string& place() const = 0;
};

/// Whether a place is a URL (http, https, file) and not the path of a folder.
bool is_url(const std::string& place);

/// `place`: an http or https URL (needs `network`; files of a TUF repository prove themselves, so http is allowed where
/// it is said), a file URL or a folder. Of local files, names may be percent-encoded or plain. References outlive the
/// site.
std::unique_ptr<Site> open_site(base::ReadFs& fs, Network* network, const std::string& place);

/// Metadata from a site. The site outlives it.
class SiteFetcher final : public tuf::MetadataFetcher {
 public:
  explicit SiteFetcher(Site& site) : site_(site) {}
  std::optional<base::Bytes> fetch(const std::string& file, std::uint64_t limit) override;

 private:
  Site& site_;
};

/// The path of a target's file as a site wants it.
std::string encoded_path(const std::string& path);

}  // namespace gapstow::registry
