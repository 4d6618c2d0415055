#include "gapstow/transfer/chain_source.h"

#include "chain_sources.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/registry/notary.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

/// A Notary server.
class NotaryChains final : public ChainSource {
 public:
  NotaryChains(registry::Network& network, std::string url) : network_(network), url_(std::move(url)) {
    network_.server(url_, "");  // a bad URL is said at once
  }

  std::optional<FoundChain> load(const std::string& gun, const Pins&) override {
    auto files = base::with_context(description(), [&] {
      return registry::fetch_notary_chain(network_.server(url_, gun.substr(0, gun.find('/'))), gun);
    });
    if (!files) return std::nullopt;
    return FoundChain{std::move(*files), &tuf::notary_v1(), "notary", nullptr};
  }
  bool is_nameless() const override { return false; }
  std::string description() const override { return "notary:" + url_; }

 private:
  registry::Network& network_;
  std::string url_;
};

}  // namespace

std::unique_ptr<ChainSource> open_chain_source(base::ReadFs& fs, std::string_view spec, registry::Network* network) {
  const std::size_t colon = spec.find(':');
  const std::string_view kind = spec.substr(0, colon);
  const std::string place(colon == std::string_view::npos ? "" : spec.substr(colon + 1));
  if (!place.empty() && kind == "docker") return open_docker_trust(fs, place);
  if (!place.empty() && kind == "dir") return open_served_folder(fs, place);
  if (!place.empty() && kind == "bundle") return open_bundle_chains(fs, place);
  if (!place.empty() && kind == "tuf") return open_tuf_repository(fs, network, place);
  if (!place.empty() && kind == "notary" && network != nullptr) {
    return std::make_unique<NotaryChains>(*network, place);
  }
  throw Error(ErrorCode::usage, "'" + base::printable(spec) + "' is no source of a chain",
              "write notary:URL (a Notary server), docker:DIR (a trust folder of docker or notary), dir:DIR (files as "
              "a Notary server gives them), tuf:URL or tuf:DIR (a TUF repository) or bundle:FILE (the chains of a "
              "bundle)");
}

FoundChain find_chain(const std::vector<std::shared_ptr<ChainSource>>& sources, const std::string& gun,
                      const ChainSource::Pins& pins) {
  std::vector<std::string> asked;
  for (const auto& source : sources) {
    auto found = source->load(gun, pins);
    asked.push_back(source->description());
    if (!found) continue;
    if (source->is_nameless() && sources.size() > 1 && !found->dialect->claims(found->files, gun)) continue;
    return std::move(*found);
  }
  throw Error(ErrorCode::chain_incomplete, "no chain for " + gun + " in " + base::join(asked, ", "),
              "pull or push the image once with DOCKER_CONTENT_TRUST=1, or say --gun when it was signed under another "
              "name");
}

}  // namespace gapstow::transfer
