#include <set>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/cli/arguments.h"
#include "gapstow/cli/terminal.h"
#include "table.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// First words of all commands, each once, in order.
std::vector<std::string> first_words() {
  std::vector<std::string> words;
  std::set<std::string> known;
  for (const auto& command : commands()) {
    const std::string word(command.name.substr(0, command.name.find(' ')));
    if (known.insert(word).second) words.push_back(word);
  }
  return words;
}

std::vector<std::string> second_words(std::string_view first) {
  std::vector<std::string> words;
  for (const auto& command : commands()) {
    if (command.name.starts_with(std::string(first) + " ")) words.emplace_back(command.name.substr(first.size() + 1));
  }
  return words;
}

std::vector<Option> all_options(const Command& command) {
  std::vector<Option> options = command.options;
  options.insert(options.end(), common_options().begin(), common_options().end());
  return options;
}

std::string option_words(const Command& command) {
  std::vector<std::string> words;
  for (const auto& option : all_options(command)) words.push_back("--" + std::string(option.name));
  return base::join(words, " ");
}

/// Fixed values of an option's argument; empty where any file or text may stand.
std::string values_of(const Option& option) {
  if (option.name == "format") return "text json";
  if (option.name == "expiry") return "now sealed ignore";
  if (option.name == "algorithm") return "ed25519 p256";
  return "";
}

std::string bash_script() {
  std::string out =
      "# bash completion for gapstow\n"
      "_gapstow() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local name=${COMP_WORDS[1]} words=\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W " +
      quoted(base::join(first_words(), " ")) +
      " -- \"$current\")); return\n"
      "  fi\n"
      "  case $previous in\n"
      "    --format) COMPREPLY=($(compgen -W 'text json' -- \"$current\")); return ;;\n"
      "    --expiry) COMPREPLY=($(compgen -W 'now sealed ignore' -- \"$current\")); return ;;\n"
      "    --algorithm) COMPREPLY=($(compgen -W 'ed25519 p256' -- \"$current\")); return ;;\n"
      "  esac\n"
      "  case $name in\n";
  for (const auto& word : first_words()) {
    const auto seconds = second_words(word);
    if (seconds.empty()) continue;
    out += "    " + word + ")\n      if ((COMP_CWORD == 2)); then\n        COMPREPLY=($(compgen -W " +
           quoted(base::join(seconds, " ")) +
           " -- \"$current\")); return\n      fi\n      name=\"$name ${COMP_WORDS[2]}\" ;;\n";
  }
  out += "  esac\n  case $name in\n";
  for (const auto& command : commands()) {
    std::string extra;
    if (command.name == "completion") extra = "bash zsh fish ";
    out += "    " + quoted(command.name) + ") words=" + quoted(extra + option_words(command)) + " ;;\n";
  }
  out +=
      "  esac\n"
      "  if [[ $current == -* || $name == completion ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  else\n"
      "    compopt -o filenames 2>/dev/null\n"
      "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
      "  fi\n"
      "}\n"
      "complete -F _gapstow gapstow\n";
  return out;
}

std::string zsh_word(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\'') out += c == '\'' ? "'\\'" : "\\";
    out += c;
  }
  return out;
}

std::string zsh_option(const Option& option) {
  std::string spec = (option.repeats ? "*--" : "--") + std::string(option.name) + "[" + zsh_word(option.help) + "]";
  if (option.argument.empty()) return "'" + spec + "'";
  const std::string values = values_of(option);
  return "'" + spec + ":" + zsh_word(option.argument) + ":" + (values.empty() ? "_files" : "(" + values + ")") + "'";
}

std::string zsh_script() {
  std::string out = "#compdef gapstow\n# zsh completion for gapstow\n_gapstow() {\n  local name=$words[2]\n";
  out += "  if (( CURRENT == 2 )); then\n    compadd -- " + base::join(first_words(), " ") + "\n    return\n  fi\n";
  out += "  case $name in\n";
  for (const auto& word : first_words()) {
    const auto seconds = second_words(word);
    if (seconds.empty()) continue;
    out += "    " + word + ")\n      if (( CURRENT == 3 )); then\n        compadd -- " + base::join(seconds, " ") +
           "\n        return\n      fi\n      name=\"$name $words[3]\"\n      shift words; (( CURRENT-- )) ;;\n";
  }
  out += "  esac\n  shift words; (( CURRENT-- ))\n  case $name in\n";
  for (const auto& command : commands()) {
    out += "    " + quoted(command.name) + ")\n      _arguments -s";
    for (const auto& option : all_options(command)) out += " \\\n        " + zsh_option(option);
    out += std::string(" \\\n        ") +
           (command.name == "completion" ? "'1:shell:(bash zsh fish)'" : "'*:file:_files'") + " ;;\n";
  }
  return out + "  esac\n}\n_gapstow \"$@\"\n";
}

std::string fish_condition(const Command& command) {
  const std::size_t space = command.name.find(' ');
  std::string condition = "__fish_seen_subcommand_from " + std::string(command.name.substr(0, space));
  if (space != std::string_view::npos) {
    condition += "; and __fish_seen_subcommand_from " + std::string(command.name.substr(space + 1));
  }
  return quoted(condition);
}

std::string fish_script() {
  std::string out = "# fish completion for gapstow\n";
  for (const auto& word : first_words()) {
    out += "complete -c gapstow -n __fish_use_subcommand -f -a " + word + "\n";
    const auto seconds = second_words(word);
    if (seconds.empty()) continue;
    const std::string all = base::join(seconds, " ");
    out += "complete -c gapstow -n " +
           quoted("__fish_seen_subcommand_from " + word + "; and not __fish_seen_subcommand_from " + all) + " -f -a " +
           quoted(all) + "\n";
  }
  out += "complete -c gapstow -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n";
  for (const auto& command : commands()) {
    for (const auto& option : all_options(command)) {
      out += "complete -c gapstow -n " + fish_condition(command) + " -l " + std::string(option.name);
      if (option.letter != 0) out += std::string(" -s ") + option.letter;
      if (const auto values = values_of(option); !values.empty()) {
        out += " -x -a " + quoted(values);
      } else if (!option.argument.empty()) {
        out += " -r";
      }
      out += " -d " + quoted(option.help) + "\n";
    }
  }
  return out;
}

int run_completion(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "bash, zsh or fish");
  const std::string& shell = arguments.operands().front();
  if (shell == "bash") {
    terminal.write(bash_script());
  } else if (shell == "zsh") {
    terminal.write(zsh_script());
  } else if (shell == "fish") {
    terminal.write(fish_script());
  } else {
    throw Error(ErrorCode::usage, "no completion for '" + shell + "'", "write bash, zsh or fish");
  }
  return 0;
}

}  // namespace

Command completion_command() {
  return {"completion", "bash|zsh|fish", "print a completion script for a shell", {}, run_completion};
}

}  // namespace gapstow::cli
