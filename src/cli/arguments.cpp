#include "gapstow/cli/arguments.h"

#include <charconv>

#include "gapstow/base/error.h"

// Values may hold commas: an option that repeats is given several times.
#define CXXOPTS_VECTOR_DELIMITER '\0'
#include <cxxopts.hpp>

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

Error misuse(const Command& command, const std::string& why) {
  return {ErrorCode::usage, why, "see gapstow " + std::string(command.name) + " --help"};
}

cxxopts::Options make_parser(const Command& command) {
  cxxopts::Options parser("gapstow");
  const auto add = [&](const Option& option) {
    const std::string names =
        (option.letter != 0 ? std::string(1, option.letter) + "," : std::string()) + std::string(option.name);
    if (option.argument.empty()) {
      parser.add_options()(names, "");
    } else {
      parser.add_options()(names, "", cxxopts::value<std::vector<std::string>>());
    }
  };
  for (const auto& option : common_options()) add(option);
  for (const auto& option : command.options) add(option);
  parser.add_options()("operands", "", cxxopts::value<std::vector<std::string>>());
  parser.parse_positional({"operands"});
  return parser;
}

}  // namespace

Arguments Arguments::parse(const Command& command, const std::vector<std::string>& words) {
  std::vector<const char*> raw{"gapstow"};
  for (const auto& word : words) raw.push_back(word.c_str());
  Arguments arguments;
  try {
    cxxopts::Options parser = make_parser(command);
    const auto result = parser.parse(static_cast<int>(raw.size()), raw.data());
    const auto take = [&](const Option& option) {
      const std::string name(option.name);
      if (result.count(name) == 0) return;
      if (result.count(name) > 1 && !option.repeats && !option.argument.empty()) {
        throw misuse(command, "--" + name + " is given more than once");
      }
      arguments.options_[name] =
          option.argument.empty() ? std::vector<std::string>{} : result[name].as<std::vector<std::string>>();
    };
    for (const auto& option : common_options()) take(option);
    for (const auto& option : command.options) take(option);
    if (result.count("operands") > 0) arguments.operands_ = result["operands"].as<std::vector<std::string>>();
  } catch (const cxxopts::exceptions::exception& error) {
    throw misuse(command, error.what());
  }
  return arguments;
}

bool Arguments::has(std::string_view option) const { return options_.find(option) != options_.end(); }

std::optional<std::string> Arguments::value(std::string_view option) const {
  const auto found = options_.find(option);
  if (found == options_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::string Arguments::value_or(std::string_view option, std::string fallback) const {
  return value(option).value_or(std::move(fallback));
}

std::string Arguments::required(std::string_view option) const {
  const auto found = value(option);
  if (!found) throw Error(ErrorCode::usage, "--" + std::string(option) + " is missing");
  return *found;
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? std::vector<std::string>{} : found->second;
}

void Arguments::expect_operands(std::size_t least, std::size_t most, std::string_view what) const {
  if (operands_.size() >= least && operands_.size() <= most) return;
  if (operands_.size() < least) throw Error(ErrorCode::usage, "expected " + std::string(what));
  throw Error(ErrorCode::usage, "'" + operands_[most] + "' is one argument too many; expected " +
                                    (what.empty() ? std::string("none") : std::string(what)));
}

bool Arguments::wants_json() const {
  const std::string format = value_or("format", "text");
  if (format == "json") return true;
  if (format == "text") return false;
  throw Error(ErrorCode::usage, "'" + format + "' is no format", "write --format text or --format json");
}

std::optional<base::Time> Arguments::time(std::string_view option) const {
  const auto text = value(option);
  if (!text) return std::nullopt;
  try {
    return base::parse_time(*text);
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, "--" + std::string(option) + ": " + error.why(), "write 2026-11-23T00:00:00Z");
  }
}

std::optional<unsigned> Arguments::number(std::string_view option, unsigned low, unsigned high) const {
  const auto text = value(option);
  if (!text) return std::nullopt;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || number < low || number > high) {
    throw Error(ErrorCode::usage, "--" + std::string(option) + " takes a number from " + std::to_string(low) + " to " +
                                      std::to_string(high));
  }
  return number;
}

}  // namespace gapstow::cli
