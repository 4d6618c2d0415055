// The program: finds the command, runs it, turns errors into a line and an exit code.
#pragma once

#include <string>
#include <vector>

#include "gapstow/cli/terminal.h"

namespace gapstow::cli {

/// `words`: the command line without the program's name. The exit code; never throws.
int run(const std::vector<std::string>& words, Terminal& terminal);

}  // namespace gapstow::cli
