// The last lines of a report: what failed, and the verdict.
#pragma once

#include <string>
#include <string_view>

#include "gapstow/report/style.h"
#include "gapstow/transfer/outcome.h"

namespace gapstow::report {

/// What a run that keeps going has left out, and chains without an image that are refused; empty when there is none.
std::string failure_section(const transfer::Outcome& outcome, const Style& style);
/// Of `verify`, `import` and `copy`. `otherwise`: what else is to be said when a refusal has stopped the run.
std::string verdict(const transfer::Outcome& outcome, std::string_view otherwise, const Style& style);
/// Of a `pack` that went on without what failed; else empty: what is said of the bundle is enough.
std::string pack_verdict(const transfer::Outcome& outcome, const Style& style);

}  // namespace gapstow::report
