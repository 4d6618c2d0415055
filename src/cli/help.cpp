#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/cli/command.h"

namespace gapstow::cli {
namespace {

constexpr std::size_t kOptionColumn = 30;
constexpr std::size_t kColumns = 100;

/// The text in lines that fit behind the option column.
std::string wrapped(std::string_view text) {
  constexpr std::size_t kWidth = kColumns - kOptionColumn;
  std::string out;
  while (text.size() > kWidth) {
    const std::size_t space = text.rfind(' ', kWidth);
    if (space == std::string_view::npos || space == 0) break;
    out += std::string(text.substr(0, space)) + "\n" + std::string(kOptionColumn, ' ');
    text.remove_prefix(space + 1);
  }
  return out + std::string(text);
}

std::string in_columns(std::string left, std::string_view right) {
  left = "  " + left;
  if (left.size() + 2 > kOptionColumn) {
    left += "\n" + std::string(kOptionColumn, ' ');
  } else {
    left.resize(kOptionColumn, ' ');
  }
  return left + wrapped(right) + "\n";
}

std::string option_line(const Option& option) {
  std::string left = option.letter != 0 ? std::string("-") + option.letter + ", " : "    ";
  left += "--" + std::string(option.name);
  if (!option.argument.empty()) left += " " + std::string(option.argument);
  return in_columns(left, option.help);
}

std::string command_line(const Command& command) { return in_columns(std::string(command.name), command.summary); }

constexpr std::string_view kExitCodes =
    "Exit codes: 0 done and proven, 1 not trusted, 2 usage, 3 environment, 4 damaged,\n"
    "5 expired, 6 rollback, 7 denied by a rule, 130 interrupted.\n";

}  // namespace

std::string overview_help() {
  std::string out =
      "Usage: gapstow COMMAND [OPTION...] [ARGUMENT...]\n\n"
      "Stows container images together with the proof that they are genuine.\n\nCommands:\n";
  for (const auto& command : commands()) out += command_line(command);
  out += "\n`gapstow COMMAND --help` tells what a command takes; gapstow(1) tells the rest.\n";
  return out + std::string(kExitCodes);
}

std::string group_help(std::string_view group) {
  std::string out = "Usage: gapstow " + std::string(group) + " COMMAND [OPTION...]\n\nCommands:\n";
  for (const auto& command : commands()) {
    if (command.name.starts_with(std::string(group) + " ")) out += command_line(command);
  }
  return out;
}

std::string command_help(const Command& command) {
  std::string out = "Usage: gapstow " + std::string(command.name) + " [OPTION...]";
  if (!command.arguments.empty()) out += " " + std::string(command.arguments);
  out += "\n\n" + std::string(command.summary) + ".\n\nOptions:\n";
  for (const auto& option : command.options) out += option_line(option);
  for (const auto& option : common_options()) out += option_line(option);
  return out;
}

}  // namespace gapstow::cli
