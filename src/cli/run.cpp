#include "gapstow/cli/run.h"

#include <algorithm>
#include <optional>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/cli/command.h"
#include "gapstow/json/write.h"
#include "gapstow/report/json.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

/// The command that the first words name, and how many words that took.
struct Found {
  const Command* command = nullptr;
  std::size_t words = 0;
};

Found find_command(const std::vector<std::string>& words) {
  for (std::size_t count = std::min<std::size_t>(2, words.size()); count > 0; --count) {
    const std::string name = count == 2 ? words[0] + " " + words[1] : words[0];
    const auto found = std::ranges::find(commands(), name, &Command::name);
    if (found != commands().end()) return {&*found, count};
  }
  return {};
}

bool is_group(std::string_view word) {
  return std::ranges::any_of(commands(),
                             [&](const Command& command) { return command.name.starts_with(std::string(word) + " "); });
}

bool is_help(const std::string& word) { return word == "--help" || word == "-h" || word == "help"; }

/// Names near enough to have been meant: the same first letters.
std::string suggestion(const std::string& word) {
  for (const auto& command : commands()) {
    if (!word.empty() && (command.name.starts_with(word) || word.starts_with(command.name.substr(0, 3)))) {
      return "did you mean gapstow " + std::string(command.name) + "?";
    }
  }
  return "see gapstow --help";
}

int run_found(const Found& found, const std::vector<std::string>& words, Terminal& terminal) {
  const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(found.words), words.end());
  const auto end = std::ranges::find(rest, "--");
  const bool help = std::any_of(rest.begin(), end, [](const auto& word) { return word == "--help" || word == "-h"; });
  if (help) {
    terminal.write(command_help(*found.command));
    return 0;
  }
  const Arguments arguments = Arguments::parse(*found.command, rest);
  arguments.wants_json();  // a wrong --format is a mistake also where nothing is printed
  const int code = found.command->run(arguments, terminal);
  terminal.output.finish();
  return code;
}

int dispatch(const std::vector<std::string>& words, Terminal& terminal) {
  if (words.empty() || is_help(words.front())) {
    const Found topic = words.size() > 1 ? find_command({words.begin() + 1, words.end()}) : Found{};
    terminal.write(topic.command != nullptr ? command_help(*topic.command) : overview_help());
    return words.empty() ? base::exit_code(ErrorCode::usage) : 0;
  }
  if (words.front() == "--version") return dispatch({"version"}, terminal);
  const Found found = find_command(words);
  if (found.command != nullptr) return run_found(found, words, terminal);
  if (is_group(words.front())) {
    if (words.size() > 1 && is_help(words[1])) {
      terminal.write(group_help(words.front()));
      return 0;
    }
    const std::string why = words.size() > 1 ? "'" + words[1] + "' is no command of gapstow " + words.front()
                                             : "gapstow " + words.front() + " needs to know what to do";
    throw Error(ErrorCode::usage, why, "see gapstow " + words.front() + " --help");
  }
  throw Error(ErrorCode::usage, "'" + words.front() + "' is no command", suggestion(words.front()));
}

/// True when standard output carries a bundle, in which a report has no place.
bool carries_data(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "-o-" || words[i] == "--output=-") return true;
    if ((words[i] == "-o" || words[i] == "--output") && i + 1 < words.size() && words[i + 1] == "-") return true;
  }
  return false;
}

bool asked_for_json(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--format=json") return true;
    if (words[i] == "--format" && i + 1 < words.size() && words[i + 1] == "json") return true;
  }
  return false;
}

/// "gapstow: <what failed>: <why> [<code-name>]", then how to go on.
int report(const Error& error, const std::vector<std::string>& words, Terminal& terminal) {
  const Found found = find_command(words);
  const std::string what = found.command != nullptr ? std::string(found.command->name) + ": " : "";
  if (terminal.progress != nullptr) terminal.progress->clear();
  terminal.messages << "gapstow: " << what << error.line() << " [" << base::name(error.code()) << "]\n";
  if (!error.hint().empty()) terminal.messages << "  " << base::printable(error.hint()) << "\n";
  terminal.messages << std::flush;
  if (asked_for_json(words) && found.command != nullptr) {
    try {
      const std::string text = json::pretty(report::failure_json(error, std::string(found.command->name)));
      carries_data(words) ? void(terminal.messages << text << std::flush) : terminal.write(text);
    } catch (const Error&) {
      // Standard output is what failed; the line above has said so.
    }
  }
  return base::exit_code(error.code());
}

}  // namespace

int run(const std::vector<std::string>& words, Terminal& terminal) {
  try {
    return dispatch(words, terminal);
  } catch (const Error& error) {
    return report(error, words, terminal);
  } catch (const std::bad_alloc&) {
    return report(Error(ErrorCode::internal, "out of memory"), words, terminal);
  } catch (const std::exception& error) {
    return report(Error(ErrorCode::internal, error.what()), words, terminal);
  }
}

}  // namespace gapstow::cli
