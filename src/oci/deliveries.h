// Deliveries of the destinations that are files: every image of begin(), every blob written unless it was there.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "gapstow/oci/image_destination.h"

namespace gapstow::oci {

/// The plan: `description` is the destination's, `reference` the REF where one is given.
std::vector<Delivery> plan_deliveries(const std::vector<NamedImage>& images, const std::string& description,
                                      const std::string& reference);
/// Says of these blobs that they are there already.
void mark_present(std::vector<Delivery>& deliveries, const std::set<digest::Digest>& present);

}  // namespace gapstow::oci
