// Repositories of TUF 1.0 as sources of chains and target files.
#include <mutex>

#include "chain_sources.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/registry/site.h"
#include "gapstow/tuf/capture.h"
#include "gapstow/tuf/served.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

constexpr unsigned kParallelFetches = 6;
constexpr std::string_view kMetadata = "metadata";
constexpr std::string_view kTargets = "targets";

std::string without_slashes(std::string place) {
  while (place.size() > 1 && place.ends_with('/')) place.pop_back();
  return place;
}

/// Target files lie in "targets" beside the folder "metadata", or below the folder of the metadata.
class SiteTargets final : public TargetFiles {
 public:
  SiteTargets(std::vector<std::unique_ptr<registry::Site>> sites, bool by_hash)
      : sites_(std::move(sites)), by_hash_(by_hash) {}

  std::unique_ptr<base::Source> open(const std::string& name, const tuf::Target& target) override {
    for (const auto& file : tuf::target_files(name, target, by_hash_)) {
      for (const auto& site : sites_) {
        if (auto source = site->open(registry::encoded_path(file))) return source;
      }
    }
    return nullptr;
  }

 private:
  std::vector<std::unique_ptr<registry::Site>> sites_;
  bool by_hash_;
};

class TufRepository final : public ChainSource {
 public:
  TufRepository(base::ReadFs& fs, registry::Network* network, const std::string& place)
      : fs_(fs), network_(network), place_(without_slashes(place)), site_(registry::open_site(fs, network, place_)) {
    const auto status = registry::is_url(place_) ? std::nullopt : fs_.status(place_);
    const bool is_folder = status && status->kind == base::FileStatus::Kind::folder;
    if (!registry::is_url(place_) && !is_folder) throw Error(ErrorCode::not_found, place_ + " is not a folder");
  }

  /// Read once, also when many repositories ask for it.
  std::optional<FoundChain> load(const std::string&, const Pins& pins) override {
    const std::lock_guard lock(mutex_);
    if (!found_) found_ = base::with_context(description(), [&] { return read(pins); });
    return found_;
  }
  bool is_nameless() const override { return true; }
  bool takes_any_name() const override { return true; }
  std::string description() const override { return "tuf:" + place_; }

  /// Of a URL host and path.
  std::string own_name() const override {
    const std::size_t scheme = place_.find("://");
    return place_.starts_with("http") && registry::is_url(place_) ? place_.substr(scheme + 3) : std::string();
  }

 private:
  FoundChain read(const Pins& pins);
  std::optional<tuf::ChainFiles> capture(registry::Site& site, const std::vector<base::Bytes>& known) {
    registry::SiteFetcher fetcher(site);
    return tuf::capture(fetcher, known, kParallelFetches);
  }
  std::vector<std::unique_ptr<registry::Site>> target_sites() const;

  base::ReadFs& fs_;
  registry::Network* network_;
  std::string place_;
  std::unique_ptr<registry::Site> site_;
  std::mutex mutex_;
  std::optional<FoundChain> found_;
};

/// Roots that the operator holds: a repository may have dropped its first ones.
std::vector<base::Bytes> pinned_roots(const ChainSource::Pins& pins) {
  std::vector<base::Bytes> roots;
  for (const auto& pin : pins) {
    if (const auto* file = std::get_if<tuf::RootFilePin>(&pin)) roots.push_back(file->bytes);
  }
  return roots;
}

FoundChain TufRepository::read(const Pins& pins) {
  const auto known = pinned_roots(pins);
  auto files = capture(*site_, known);
  if (!files) files = capture(*site_->below(std::string(kMetadata)), known);
  if (!files) {
    throw Error(ErrorCode::chain_incomplete, "neither timestamp.json nor metadata/timestamp.json is there",
                "name the folder of a TUF repository");
  }
  const bool by_hash = tuf::tuf_v1().parse_root(files->roots.rbegin()->second).body.consistent_snapshot;
  return {*std::move(files), &tuf::tuf_v1(), "tuf", std::make_shared<SiteTargets>(target_sites(), by_hash)};
}

std::vector<std::unique_ptr<registry::Site>> TufRepository::target_sites() const {
  std::vector<std::unique_ptr<registry::Site>> sites;
  sites.push_back(site_->below(std::string(kTargets)));
  const std::size_t slash = place_.rfind('/');
  if (slash != std::string::npos && place_.substr(slash + 1) == kMetadata) {
    sites.push_back(registry::open_site(fs_, network_, place_.substr(0, slash + 1) + std::string(kTargets)));
  }
  return sites;
}

}  // namespace

std::unique_ptr<ChainSource> open_tuf_repository(base::ReadFs& fs, registry::Network* network,
                                                 const std::string& place) {
  return std::make_unique<TufRepository>(fs, network, place);
}

}  // namespace gapstow::transfer
