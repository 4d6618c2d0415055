// Bundles that one decision rests on.
#pragma once

#include <string>
#include <vector>

#include "gapstow/transfer/outcome.h"
#include "gapstow/trust/state.h"
#include "gapstow/trust/store.h"
#include "table.h"

namespace gapstow::cli {

/// Proves each bundle wholly, every byte of it; then all of them together, as `serve` judges them. Throws as
/// transfer::verify() does.
std::vector<transfer::Outcome> verify_together(const std::vector<std::string>& paths, const trust::TrustStore& store,
                                               trust::State* state, const Arguments& arguments, Terminal& terminal);

}  // namespace gapstow::cli
