#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "options.h"
#include "table.h"

namespace gapstow::cli {
namespace {

constexpr unsigned kDefaultLimit = 100;
constexpr unsigned kMaxLimit = 1'000'000;

int run_history(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(0, 0, "");
  const unsigned limit = arguments.number("limit", 1, kMaxLimit).value_or(kDefaultLimit);
  const auto state = trust::State::open_existing(state_path(arguments));
  const auto records = state != nullptr ? state->history(limit) : std::vector<trust::HistoryRecord>{};
  terminal.print(arguments, report::history_text(records, terminal.style(arguments)), report::history_json(records));
  return 0;
}

int run_version(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(0, 0, "");
  terminal.print(arguments, tool_name() + "\n",
                 json::Object{{"command", "version"}, {"version", GAPSTOW_VERSION}, {"bundleFormat", 1}});
  return 0;
}

}  // namespace

Command history_command() {
  return {"history",
          "",
          "what was imported here, when, on whose word",
          {kStateOption, {"limit", 0, "N", "at most so many imports, newest first (default 100)"}},
          run_history};
}

Command version_command() { return {"version", "", "print the version", {}, run_version}; }

}  // namespace gapstow::cli
