// Verifying and importing bundles. Importing is verifying with somewhere to put the images.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/oci/image_destination.h"
#include "gapstow/transfer/bundle_input.h"
#include "gapstow/transfer/observer.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/transfer/renaming.h"
#include "gapstow/trust/state.h"
#include "gapstow/trust/store.h"

namespace gapstow::transfer {

struct VerifyRequest {
  const trust::TrustStore& store;
  trust::RunPolicy policy;
  std::optional<base::Time> at;  ///< --at
  std::string rollback_reason;   ///< --allow-rollback; empty: not allowed
};

/// How images are taken in.
struct ImportOptions {
  Renaming names;
  bool keep_going = false;           ///< an image that is refused or fails does not stop the others
  bool dry_run = false;              ///< nothing is changed; the deliveries say what would be done
  bool attach_chain = false;         ///< the sealed chain of each image is stored with it, as an artifact
  bool without_attachments = false;  ///< signatures and SBOMs of other kinds stay behind
};

/// Proves everything. `state` may be nullptr: nothing was seen before. Refusals by policy are in the outcome; what
/// cannot be proven is thrown. Every byte is read also when a refusal is certain: "everything else proven" must be
/// true.
Outcome verify(BundleInput& input, const VerifyRequest& request, trust::State* state, const Surroundings& around);

/// As verify(); when nothing is refused (or, with keep_going, for what is not refused) the images are in `destination`
/// afterwards and the state at `state_path` remembers. When something is refused or fails, neither has changed; the
/// database is made only when there is something to keep.
Outcome import(BundleInput& input, const VerifyRequest& request, oci::ImageDestination& destination,
               const ImportOptions& options, const std::string& state_path, const Surroundings& around);

/// As import(), for repositories of TUF 1.0 with the target files that came along: each becomes a folder, `folder` or,
/// where there are several, one of its name below it, with "metadata" and "targets" as any client wants them. A folder
/// that holds an older state of the same repository is brought up to date. Error{conflict} where it holds anything
/// else.
Outcome import_repositories(BundleInput& input, const VerifyRequest& request, const std::string& folder,
                            const std::string& state_path, const Surroundings& around);

}  // namespace gapstow::transfer
