// Shipment: what goes to a destination — the accepted images under their new names, and every blob they need.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "attached_chain.h"
#include "contents.h"
#include "gapstow/oci/image_destination.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/transfer/verify.h"

namespace gapstow::transfer {

/// Gives the artifact with the sealed chain of image `index`.
using MakeArtifact = std::function<ChainArtifact(std::size_t index)>;

/// Puts a blob, from its first byte on as often as the destination says that it may help.
void put_with_restarts(oci::ImageDestination& destination, const digest::Digest& digest,
                       const std::function<void(base::Sink&)>& write);

class Shipment {
 public:
  /// Takes the images that `outcome` accepts. `make_artifact` is called for those with a proof, when it is there.
  Shipment(const Contents& contents, const std::vector<WalkedImage>& walked, const Outcome& outcome,
           const ImportOptions& options, const MakeArtifact& make_artifact);

  bool empty() const { return images_.empty(); }
  /// Announces everything to the destination.
  void begin(oci::ImageDestination& destination) const;
  /// Puts the documents that load() gives, and what gapstow has made. Payload is left to the caller.
  void put_documents(oci::ImageDestination& destination, const Contents& contents,
                     const std::function<base::Bytes(const digest::Digest&)>& load) const;
  /// Whether the blob is to come from the contents; what gapstow has made is put by put_documents().
  bool expects(const digest::Digest& digest) const { return wanted_.contains(digest) && !made_.contains(digest); }
  /// Writes names and deliveries of the destination into the outcome.
  void report(const oci::ImageDestination& destination, Outcome& outcome) const;

 private:
  void add_artifact(oci::NamedImage& image, ChainArtifact artifact);

  std::vector<oci::NamedImage> images_;
  std::vector<std::size_t> places_;  ///< of each in the outcome
  std::vector<oci::PlannedBlob> blobs_;
  std::set<digest::Digest> wanted_;
  std::map<digest::Digest, base::Bytes> made_;
};

}  // namespace gapstow::transfer
