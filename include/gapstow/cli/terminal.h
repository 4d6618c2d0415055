// Terminal: the world of a command, put together by main() and by tests.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/base/time.h"
#include "gapstow/cli/arguments.h"
#include "gapstow/json/value.h"
#include "gapstow/report/progress.h"
#include "gapstow/report/style.h"
#include "gapstow/transfer/observer.h"

namespace gapstow::cli {

/// Everything a command touches outside of itself. All references outlive it.
struct Terminal {
  base::WriteFs& fs;
  const base::Clock& clock;
  base::CancelToken& cancel;
  base::Source& input;     ///< standard input
  base::Sink& output;      ///< standard output, for data and reports
  std::ostream& messages;  ///< standard error
  bool messages_are_terminal = false;
  bool output_is_terminal = false;
  report::TerminalProgress* progress = nullptr;  ///< nullptr when nothing is to be drawn

  /// Surroundings for transfer, drawing progress unless it was switched off. Without --jobs there is one a core.
  transfer::Surroundings surroundings(const Arguments& arguments);
  /// The same for a run that waits for servers: some more jobs, so that waits overlap.
  transfer::Surroundings remote_surroundings(const Arguments& arguments);
  report::Style style(const Arguments& arguments) const;

  /// Prints a report on standard output: as JSON where asked for, nothing with --quiet.
  void print(const Arguments& arguments, const std::string& text, const json::Value& value);
  /// As print(), on standard error: where standard output carries the bundle.
  void print_aside(const Arguments& arguments, const std::string& text, const json::Value& value);
  void write(const std::string& text);
};

/// The environment variable, or nothing when unset or empty.
std::optional<std::string> environment(const char* name);

}  // namespace gapstow::cli
