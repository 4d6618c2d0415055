// The sealed chain of an image as an OCI artifact that refers to it, so that the proof moves from registry to registry
// with the image. Normative: formats/attached-chain.md.
#pragma once

#include <string>
#include <vector>

#include "gapstow/bundle/seal.h"
#include "gapstow/oci/image_destination.h"
#include "gapstow/oci/image_source.h"
#include "gapstow/transfer/chain_source.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::transfer {

inline constexpr std::string_view kChainArtifact = "application/vnd.gapstow.chain.v1";
inline constexpr std::string_view kSealLayer = "application/vnd.gapstow.seal.v1+json";
inline constexpr std::string_view kChainFileLayer = "application/vnd.gapstow.chain.file.v1+json";
inline constexpr std::size_t kMaxAttachedChains = 1000;  ///< of one image

/// An artifact to be stored: what it is attached to, and its blobs (manifest first) with their bytes.
struct ChainArtifact {
  struct Blob {
    oci::PlannedBlob plan;
    base::Bytes bytes;
  };
  oci::Attachment attachment;
  std::vector<Blob> blobs;
};

/// `image` is an image of the seal that a chain proves, `files` are that chain's.
ChainArtifact make_chain_artifact(const bundle::Seal& seal, const bundle::ImageRecord& image,
                                  const tuf::ChainFiles& files);

/// A sealed chain found with an image. The seal is parsed and the files are those that it lists; who signed it is not
/// checked: the chain proves itself from a pinned root.
struct AttachedChain {
  FoundChain chain;
  std::string gun;
  std::vector<std::string> references;  ///< the origins of the image, as sealed: one or several tags
};

/// All that are attached to the image with this digest. Error{malformed} for an artifact that is not what its type
/// says.
std::vector<AttachedChain> find_attached_chains(oci::ImageSource& source, const digest::Digest& image);

}  // namespace gapstow::transfer
