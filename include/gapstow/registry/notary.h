// The Notary v1 HTTP API, reading. Source: notaryproject/notary server API.
#pragma once

#include <optional>
#include <string>

#include "gapstow/registry/server.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::registry {

inline constexpr std::size_t kMaxGunBytes = 1024;
inline constexpr std::uint64_t kMaxChainBytes = 256ULL << 20;  ///< of all files that a server gives for one chain

/// The chain of a repository as served, byte for byte: timestamp.json, the snapshot by the checksum that it names,
/// every role by the checksum that the snapshot names, every root version from 1 (or the first that is there) to the
/// latest. Plain names are asked for where a server does not know checksums; what they give must have the checksum too.
/// A repository that is published anew meanwhile is read from the start. Sizes are bounded by the limits of tuf.
/// Nothing when the server says that it does not know the repository. Error{chain_incomplete} names a file that is
/// missing, Error{digest_mismatch} one that is not what was promised, Error{invalid_reference} a GUN that cannot be
/// one.
std::optional<tuf::ChainFiles> fetch_notary_chain(Server& server, const std::string& gun);

}  // namespace gapstow::registry
