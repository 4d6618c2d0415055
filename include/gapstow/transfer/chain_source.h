// ChainSource: where `pack` and `chain` take TUF chains from (--trust).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/registry/network.h"
#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::transfer {

/// The files of a chain and what is known of where they came from.
struct FoundChain {
  tuf::ChainFiles files;
  const tuf::Dialect* dialect = nullptr;
  std::string source;  ///< kind: "docker", "dir", "bundle", "notary", "attached"
};

class ChainSource {
 public:
  virtual ~ChainSource() = default;
  /// The chain of a repository, unproven; nothing when this source does not have it. Error{chain_incomplete} when it
  /// has only a part of what every chain needs.
  virtual std::optional<FoundChain> load(const std::string& gun) = 0;
  /// True when the source holds one chain without a name, which load() gives for any GUN.
  virtual bool is_nameless() const = 0;
  /// "docker:/home/me/.docker/trust", for messages.
  virtual std::string description() const = 0;
};

/// "docker:DIR" (a trust folder of docker or notary), "dir:DIR" (files as served), "bundle:FILE" (the chains of a
/// bundle) or "notary:URL" (a Notary server; needs `network`). Error{usage} for others.
std::unique_ptr<ChainSource> open_chain_source(base::ReadFs& fs, std::string_view spec, registry::Network* network);

/// Asks sources in order. A nameless source among several is taken only when its root certificate names the GUN.
/// Error{chain_incomplete} naming the sources when none has it.
FoundChain find_chain(const std::vector<std::shared_ptr<ChainSource>>& sources, const std::string& gun);

}  // namespace gapstow::transfer
