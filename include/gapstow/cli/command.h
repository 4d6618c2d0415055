// Commands: one table that the parser, --help, the completions and the man page test share.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gapstow::cli {

class Arguments;
struct Terminal;

/// One option as the user sees it.
struct Option {
  std::string_view name;      ///< without dashes: "trust-store"
  char letter = 0;            ///< short form, or 0
  std::string_view argument;  ///< "DIR"; empty for a switch
  std::string_view help;      ///< one line
  bool repeats = false;       ///< may be given several times
};

struct Command {
  std::string_view name;       ///< "verify", "trust add-root"
  std::string_view arguments;  ///< "BUNDLE|-|PART..."
  std::string_view summary;    ///< one line, no full stop
  std::vector<Option> options;
  /// Returns the exit code; throws base::Error.
  int (*run)(const Arguments& arguments, Terminal& terminal);
};

/// All commands, in the order of the help text.
const std::vector<Command>& commands();

/// The options that every command takes.
const std::vector<Option>& common_options();

/// The text of `gapstow --help` and `gapstow COMMAND --help`.
std::string overview_help();
std::string command_help(const Command& command);
/// Of a group: "trust", "key", "chain".
std::string group_help(std::string_view group);

}  // namespace gapstow::cli
