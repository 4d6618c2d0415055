// A bundle is held while its decisions may still change.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gapstow/transfer/held.h"

namespace gapstow::transfer {

/// As hold_bundle().
std::shared_ptr<HeldBundle> hold(const std::vector<std::string>& paths, const VerifyRequest& request,
                                 trust::State* state, const Surroundings& around);

}  // namespace gapstow::transfer
