// The parts of the command table, one a source file.
#pragma once

#include "gapstow/cli/command.h"

namespace gapstow::cli {

Command pack_command();
Command verify_command();
Command import_command();
Command copy_command();
Command inspect_command();
Command split_command();
Command join_command();
Command sign_command();
std::vector<Command> key_commands();
std::vector<Command> trust_commands();
std::vector<Command> snapshot_commands();
Command break_glass_command();
std::vector<Command> chain_commands();
Command chain_fetch_command();
Command serve_command();
Command emit_command();
Command history_command();
Command doctor_command();
Command completion_command();
Command version_command();

}  // namespace gapstow::cli
