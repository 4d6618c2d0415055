// Arguments: a parsed command line, typed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/cli/command.h"

namespace gapstow::cli {

/// Options and operands of one command. Error{usage} for anything the command does not take.
class Arguments {
 public:
  /// `words`: what follows the command's name.
  static Arguments parse(const Command& command, const std::vector<std::string>& words);

  bool has(std::string_view option) const;
  /// The value, or nothing.
  std::optional<std::string> value(std::string_view option) const;
  std::string value_or(std::string_view option, std::string fallback) const;
  /// The value; Error{usage} when it is missing.
  std::string required(std::string_view option) const;
  std::vector<std::string> values(std::string_view option) const;

  const std::vector<std::string>& operands() const { return operands_; }
  /// Error{usage} unless there are so many operands; `what` names them: "BUNDLE DEST".
  void expect_operands(std::size_t least, std::size_t most, std::string_view what) const;

  bool wants_json() const;
  /// --at, parsed.
  std::optional<base::Time> time(std::string_view option) const;
  std::optional<unsigned> number(std::string_view option, unsigned low, unsigned high) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> options_;
  std::vector<std::string> operands_;
};

}  // namespace gapstow::cli
