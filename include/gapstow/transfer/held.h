// HeldBundle: a bundle that is served where it lies. Seal, chains, manifests and configurations are proven and in
// memory, the decisions are made; what is payload is proven blob by blob, before anybody gets a byte of it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/fs.h"
#include "gapstow/bundle/opened.h"
#include "gapstow/oci/image_destination.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/transfer/verify.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::transfer {

/// What of a bundle is kept in memory.
struct KeptContents {
  std::vector<oci::NamedImage> images;  ///< parallel to Outcome::images, refused ones too
  std::vector<tuf::ChainFiles> chains;  ///< parallel to Statement::chains, raw bytes
  std::map<digest::Digest, std::shared_ptr<const base::Bytes>> documents;  ///< manifests and configurations
};

/// Immutable; any number of threads.
class HeldBundle {
 public:
  HeldBundle(std::string name, bundle::OpenedBundle bundle, KeptContents kept, Outcome outcome);

  const std::string& name() const { return name_; }  ///< path, or "3 parts of …"
  const bundle::OpenedBundle& bundle() const { return bundle_; }
  const Outcome& outcome() const { return outcome_; }  ///< decisions of all images; refused ones are data
  const KeptContents& kept() const { return kept_; }
  /// The payload entry with this content; nothing when the bundle has none, or it is a document.
  std::optional<std::size_t> payload(const digest::Digest& digest) const;
  /// Whether this chain was refused as older than what this site has seen.
  bool is_rolled_back(std::size_t chain) const { return rolled_back_.contains(chain); }

 private:
  friend class NewestChains;
  std::string name_;
  bundle::OpenedBundle bundle_;
  KeptContents kept_;
  Outcome outcome_;
  std::map<digest::Digest, std::size_t> payload_;
  std::set<std::size_t> rolled_back_;
};

/// Opens a file, or all parts of one bundle. Proves everything but the payload; throws as verify() does for what cannot
/// be proven. `state` may be nullptr.
std::shared_ptr<const HeldBundle> hold_bundle(const std::vector<std::string>& paths, const VerifyRequest& request,
                                              trust::State* state, const Surroundings& around);

/// All bundles of the operands, in the order of group_bundles(). An image that an older chain proves is asked of the
/// newest one of its repository among them: what that signs no more is refused, and what it still signs is no rollback.
std::vector<std::shared_ptr<const HeldBundle>> hold_bundles(const std::vector<std::string>& operands,
                                                            const VerifyRequest& request, trust::State* state,
                                                            const Surroundings& around);

/// Whether both are chains of one repository: one that was made anew has other roots, and its versions begin anew.
bool is_one_repository(const tuf::ChainFiles& a, const tuf::ChainFiles& b);

/// Sorts operands into bundles: files of their own, the parts of each bundle together, and for a folder every file in
/// it whose name ends in ".gapstow". In the order of their first paths.
std::vector<std::vector<std::string>> group_bundles(base::ReadFs& fs, const std::vector<std::string>& paths);

}  // namespace gapstow::transfer
