// Views: the files by which docker, podman and containerd find their way in a bundle, and the names of chain files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/bundle/statement.h"
#include "gapstow/oci/image_destination.h"
#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::transfer {

/// A small file of a bundle, made by gapstow.
struct NamedBytes {
  std::string name;
  base::Bytes bytes;
};

/// oci-layout, index.json and, where an image can be shown that way, manifest.json: exactly as a bundle holds them.
std::vector<NamedBytes> make_views(const std::vector<oci::NamedImage>& images);

/// One file of a chain with its place in the chain's folder.
struct PlacedFile {
  bundle::ChainFile record;
  const base::Bytes* bytes = nullptr;  ///< in the ChainFiles
};

/// The files of a chain in the order of a bundle: roots by version, timestamp, snapshot, targets, delegations by name.
/// `versions` gives the proven version of a role.
std::vector<PlacedFile> place_chain(const tuf::ChainFiles& files, const tuf::Dialect& dialect,
                                    const tuf::VerifiedChain& proven);

/// The folder of the chain at `index`: "gapstow/trust/0000".
std::string chain_folder(std::size_t index);

/// How the files of a chain are to be read. Error{unsupported} for a dialect that bundles do not carry.
const tuf::Dialect& dialect_of(const bundle::ChainRecord& chain);

/// Puts a file into its place in a chain, by its record. Error{malformed} when file name and role disagree.
void add_chain_file(tuf::ChainFiles& files, const bundle::ChainRecord& chain, const bundle::ChainFile& record,
                    base::Bytes bytes);

}  // namespace gapstow::transfer
