// The last step of every import: what was proven and put becomes visible, and the state remembers it, as one.
#pragma once

#include <string>
#include <vector>

#include "gapstow/oci/image_destination.h"
#include "gapstow/transfer/observer.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/transfer/verify.h"
#include "gapstow/trust/state.h"
#include "repository_writer.h"
#include "shipment.h"

namespace gapstow::transfer {

struct Publication {
  const ImportOptions& options;
  const std::vector<trust::SeenUpdate>& updates;
  const std::string& state_path;
};

/// Settles and commits the destination inside of the state's transaction; only reports, where the run is a rehearsal.
/// Names and deliveries are in the outcome afterwards.
void publish(const Shipment& shipment, oci::ImageDestination& destination, const Publication& publication,
             Outcome& outcome, const Surroundings& around);

/// The same for repositories. Where each came to stand is in the outcome afterwards.
void publish(RepositoryWriter& repositories, const std::vector<trust::SeenUpdate>& updates,
             const std::string& state_path, Outcome& outcome, const Surroundings& around);

}  // namespace gapstow::transfer
