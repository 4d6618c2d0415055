// ChainSource: where `pack` and `chain` take TUF chains from (--trust).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/registry/network.h"
#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::transfer {

/// The files that targets of a repository stand for. Safe to use from several threads.
class TargetFiles {
 public:
  virtual ~TargetFiles() = default;
  /// The file as a stream, unproven; nothing when it is not there.
  virtual std::unique_ptr<base::Source> open(const std::string& name, const tuf::Target& target) = 0;
};

/// The files of a chain and what is known of where they came from.
struct FoundChain {
  tuf::ChainFiles files;
  const tuf::Dialect* dialect = nullptr;
  std::string source;                    ///< kind: "docker", "dir", "bundle", "notary", "tuf", "attached"
  std::shared_ptr<TargetFiles> targets;  ///< nullptr where the source has none; no longer than the source
};

class ChainSource {
 public:
  virtual ~ChainSource() = default;
  using Pins = std::vector<tuf::RootPin>;

  /// The chain of a repository, unproven; nothing when this source does not have it. Error{chain_incomplete} when it
  /// has only a part of what every chain needs. `pins`: what is pinned for it; a root among them may help to find the
  /// next ones.
  virtual std::optional<FoundChain> load(const std::string& gun, const Pins& pins) = 0;
  /// True when the source holds one chain without a name, which load() gives for any GUN.
  virtual bool is_nameless() const = 0;
  /// The name that its only chain has by its place, for where nobody gives another; else empty.
  virtual std::string own_name() const { return {}; }
  /// Whether its chains may be of something else than a repository of images, so that any name may be right.
  virtual bool takes_any_name() const { return false; }
  /// "docker:/home/me/.docker/trust", for messages.
  virtual std::string description() const = 0;
};

/// "docker:DIR" (a trust folder of docker or notary), "dir:DIR" (files as a Notary server gives them), "tuf:URL" or
/// "tuf:DIR" (a repository of TUF 1.0; a URL needs `network`), "bundle:FILE" (the chains of a bundle) or "notary:URL"
/// (a Notary server; needs `network`). Error{usage} for others.
std::unique_ptr<ChainSource> open_chain_source(base::ReadFs& fs, std::string_view spec, registry::Network* network);

/// Asks sources in order. A nameless source among several is taken only when its files claim the GUN.
/// Error{chain_incomplete} naming the sources when none has it.
FoundChain find_chain(const std::vector<std::shared_ptr<ChainSource>>& sources, const std::string& gun,
                      const ChainSource::Pins& pins);

}  // namespace gapstow::transfer
