// The line and exit status of a run whose outcome is a refusal.
#pragma once

#include <optional>
#include <string>

#include "gapstow/cli/terminal.h"
#include "gapstow/trust/decision.h"

namespace gapstow::cli {

/// 0 without a refusal; else one line on standard error with a hint, and the exit code of its class.
int report_refusal(const std::optional<trust::Decision::Refusal>& refusal, const std::string& command,
                   const std::string& name, Terminal& terminal);

}  // namespace gapstow::cli
