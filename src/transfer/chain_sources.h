// The kinds of chain sources; open_chain_source() chooses.
#pragma once

#include <memory>
#include <string>

#include "gapstow/transfer/chain_source.h"

namespace gapstow::transfer {

/// ~/.docker/trust or ~/.notary. Error{not_found} for other folders.
std::unique_ptr<ChainSource> open_docker_trust(base::ReadFs& fs, const std::string& folder);
/// The files of one Notary repository as a server gives them. Error{not_found}.
std::unique_ptr<ChainSource> open_served_folder(base::ReadFs& fs, const std::string& folder);
/// The chains of a bundle, whose seal is not proven.
std::unique_ptr<ChainSource> open_bundle_chains(base::ReadFs& fs, const std::string& path);
/// A repository of TUF 1.0, by URL or folder; metadata may stand in "metadata" and target files in "targets" below it.
std::unique_ptr<ChainSource> open_tuf_repository(base::ReadFs& fs, registry::Network* network,
                                                 const std::string& place);

}  // namespace gapstow::transfer
