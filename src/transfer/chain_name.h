// Names under which chains are kept.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gapstow/transfer/chain_source.h"

namespace gapstow::transfer {

/// Whether a chain from these sources may stand under that name: a full repository name without a tag; where a source
/// takes any name, any text that is fit to be a path below a folder and a pattern of the trust store.
bool may_be_chain(const std::string& gun, const std::vector<std::shared_ptr<ChainSource>>& sources);

}  // namespace gapstow::transfer
