// Findings: what the repositories of a run hold before anything is sent to them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "delivery_plan.h"
#include "image_failures.h"

namespace gapstow::registry {

inline constexpr unsigned kParallelCalls = 8;

/// Of one repository.
struct Holdings {
  std::set<digest::Digest> blobs;
  std::set<digest::Digest> manifests;
  std::set<std::string> tags;  ///< those of the plan that show the right manifest already
};

/// Asks for everything in the plan, in parallel; in the order of the plan's homes. What cannot be found out fails the
/// images that need it. A cosign tag that holds something else is Error{conflict}, a blob of another size
/// Error{digest_mismatch}.
std::vector<Holdings> inquire(const DeliveryPlan& plan, ImageFailures& failures);

}  // namespace gapstow::registry
