// The last lines of a report: what failed, and the verdict.
#pragma once

#include <string>

#include "gapstow/report/style.h"
#include "gapstow/transfer/outcome.h"

namespace gapstow::report {

/// What a run that keeps going has left out, and chains without an image that are refused; empty when there is none.
std::string failure_section(const transfer::Outcome& outcome, const Style& style);
/// Of `verify`, `import` and `copy`.
std::string verdict(const transfer::Outcome& outcome, const Style& style);
/// Of a `pack` that went on without what failed; else empty: what is said of the bundle is enough.
std::string pack_verdict(const transfer::Outcome& outcome, const Style& style);

}  // namespace gapstow::report
