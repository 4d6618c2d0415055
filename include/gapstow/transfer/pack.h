// Packing: images and their chains into one sealed bundle.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/stream.h"
#include "gapstow/oci/image_source.h"
#include "gapstow/registry/network.h"
#include "gapstow/sign/signer.h"
#include "gapstow/transfer/chain_source.h"
#include "gapstow/transfer/observer.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/trust/store.h"

namespace gapstow::transfer {

/// One image argument of the command line.
struct ImageRequest {
  oci::ImageLocation location;
  std::string name;       ///< --name, or empty: the names found in the source are used
  bool all_tags = false;  ///< --all-tags: every signed tag of a docker:// repository; without a chain every tag
};

struct PackRequest {
  std::vector<ImageRequest> images;
  std::vector<std::string> guns;  ///< repositories whose chain is carried without an image
  bool target_files = false;      ///< --targets: those chains are carried with the files that they sign
  /// --target: the target that proves an image, by the image's reference, where it is not named as the image is.
  std::map<std::string, std::string> target_names;
  std::vector<base::Bytes> manifests;    ///< --manifest: signed manifests at hand
  std::vector<oci::Platform> platforms;  ///< empty: everything
  std::vector<std::shared_ptr<ChainSource>> chains;
  bool attached_chains = false;              ///< --trust attached: the sealed chain that is attached to the image
  bool without_chain = false;                ///< --trust none
  bool without_attachments = false;          ///< signatures and SBOMs of other kinds stay behind
  bool first_use = false;                    ///< --tofu
  bool keep_going = false;                   ///< images that fail are left out and reported
  std::string gun;                           ///< --gun, or empty
  registry::Network* network = nullptr;      ///< for docker://; nullptr: there is none
  const trust::TrustStore* store = nullptr;  ///< may be nullptr with without_chain or first_use
  trust::RunPolicy policy;
  std::optional<base::Time> at;  ///< --at
  base::Time sealed_at;          ///< whole seconds
  std::string tool;
  std::vector<const sign::Signer*> signers;
};

/// What was packed.
struct PackOutcome {
  Outcome bundle;    ///< signers are those that sealed
  std::string path;  ///< empty for standard output
};

/// Writes to `path` (atomically; in parallel), or, where `path` is a pipe or device or `out` is given, as a stream.
/// Nothing is left under the final name when anything fails.
PackOutcome pack(const PackRequest& request, const std::string& path, const Surroundings& around);
PackOutcome pack(const PackRequest& request, base::Sink& out, const Surroundings& around);

}  // namespace gapstow::transfer
