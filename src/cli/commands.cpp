#include "gapstow/cli/command.h"
#include "table.h"

namespace gapstow::cli {
namespace {

std::vector<Command> make_table() {
  std::vector<Command> table{pack_command(),    verify_command(), import_command(), copy_command(),
                             inspect_command(), split_command(),  join_command(),   sign_command()};
  for (auto& group : {key_commands(), trust_commands(), snapshot_commands(), std::vector{break_glass_command()},
                      std::vector{chain_fetch_command()}, chain_commands()}) {
    table.insert(table.end(), group.begin(), group.end());
  }
  table.push_back(serve_command());
  table.push_back(emit_command());
  table.push_back(history_command());
  table.push_back(doctor_command());
  table.push_back(completion_command());
  table.push_back(version_command());
  return table;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> table = make_table();
  return table;
}

const std::vector<Option>& common_options() {
  static const std::vector<Option> options{
      {"help", 'h', "", "show this text"},
      {"quiet", 'q', "", "print no report, only errors"},
      {"verbose", 'v', "", "print digests and key IDs in full, and more detail"},
      {"format", 0, "FORMAT", "text (default) or json"},
      {"no-progress", 0, "", "draw no progress on the terminal"},
  };
  return options;
}

}  // namespace gapstow::cli
