// Copying: packing and importing in one pass without a bundle between them. The same proofs, the same outcome.
#pragma once

#include <string>

#include "gapstow/oci/image_destination.h"
#include "gapstow/transfer/observer.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/transfer/pack.h"
#include "gapstow/transfer/verify.h"

namespace gapstow::transfer {

/// Images of `request` go to `destination`, each blob verified as it flows; blobs that are there are not fetched.
/// Chains are proven from the pins of the store and compared with the state; rules are applied with those signers of
/// the request that the store trusts. A seal is made when there are signers; Error{usage} when a chain is to be
/// attached and there are none. `at` and `policy` of the request count; the default rule for expiry is `now`.
Outcome copy(const PackRequest& request, oci::ImageDestination& destination, const ImportOptions& options,
             const std::string& rollback_reason, const std::string& state_path, const Surroundings& around);

}  // namespace gapstow::transfer
