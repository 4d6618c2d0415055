#include "destination.h"
#include "gapstow/base/error.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "gapstow/transfer/verify.h"
#include "network_options.h"
#include "options.h"
#include "refusal.h"
#include "table.h"

namespace gapstow::cli {
namespace {

std::string shown_name(const std::vector<std::string>& paths) {
  if (paths.size() == 1) return paths.front() == "-" ? "standard input" : paths.front();
  return std::to_string(paths.size()) + " parts";
}

transfer::VerifyRequest make_request(const trust::TrustStore& store, const Arguments& arguments) {
  return {store, run_policy(arguments), arguments.time("at"), rollback_reason(arguments)};
}

/// Prints the report; a refusal also gets its line on standard error and its exit code.
int finish(const transfer::Outcome& outcome, const std::string& command, const std::string& name,
           const Arguments& arguments, Terminal& terminal) {
  terminal.print(arguments, report::outcome_text(outcome, name, terminal.style(arguments)),
                 report::outcome_json(outcome, command, name));
  return report_refusal(outcome.refusal(), command, name, terminal);
}

int run_verify(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, SIZE_MAX, "BUNDLE, - or PART...");
  const auto store = load_trust_store(arguments, terminal.fs);
  const auto request = make_request(store, arguments);
  const auto state = trust::State::open_existing(state_path(arguments));
  const auto input = transfer::open_bundle(terminal.fs, arguments.operands(), terminal.input);
  const auto outcome = transfer::verify(*input, request, state.get(), terminal.surroundings(arguments));
  return finish(outcome, "verify", shown_name(arguments.operands()), arguments, terminal);
}

/// A bundle in a file can be read again; a pipe and parts come once.
unsigned restarts(const std::vector<std::string>& paths, base::ReadFs& fs) {
  if (paths.size() != 1 || paths.front() == "-") return 0;
  const auto status = fs.status(paths.front());
  return status && status->kind == base::FileStatus::Kind::regular ? registry::kDefaultRestarts : 0;
}

/// tuf:DIR takes repositories, not images.
int run_import_repositories(const std::vector<std::string>& paths, const std::string& folder,
                            const Arguments& arguments, Terminal& terminal) {
  for (const auto& option : import_options()) {
    if (arguments.has(option.name)) {
      throw base::Error(base::ErrorCode::usage, "--" + std::string(option.name) + " is for images, not for tuf:DIR");
    }
  }
  const auto store = load_trust_store(arguments, terminal.fs);
  const auto request = make_request(store, arguments);
  const auto input = transfer::open_bundle(terminal.fs, paths, terminal.input);
  const auto outcome =
      transfer::import_repositories(*input, request, folder, state_path(arguments), terminal.surroundings(arguments));
  return finish(outcome, "import", shown_name(paths), arguments, terminal);
}

int run_import(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(2, SIZE_MAX, "BUNDLE, - or PART..., then DEST");
  std::vector<std::string> paths = arguments.operands();
  const std::string destination_text = paths.back();
  paths.pop_back();
  constexpr std::string_view kTuf = "tuf:";
  if (destination_text.starts_with(kTuf)) {
    return run_import_repositories(paths, destination_text.substr(kTuf.size()), arguments, terminal);
  }
  const auto destination = open_destination({destination_text, "", restarts(paths, terminal.fs)}, arguments, terminal);
  const auto store = load_trust_store(arguments, terminal.fs);
  const auto request = make_request(store, arguments);
  const auto input = transfer::open_bundle(terminal.fs, paths, terminal.input);
  const auto around = destination.network ? terminal.remote_surroundings(arguments) : terminal.surroundings(arguments);
  const auto outcome =
      transfer::import(*input, request, *destination.images, destination.options, state_path(arguments), around);
  return finish(outcome, "import", shown_name(paths), arguments, terminal);
}

const std::vector<Option>& options() {
  static const std::vector<Option> list{kTrustStoreOption, kStateOption,    kExpiryOption, kMaxAgeOption,
                                        kAtOption,         kRollbackOption, kJobsOption};
  return list;
}

}  // namespace

Command verify_command() {
  return {"verify", "BUNDLE|-|PART...", "prove everything in a bundle; import nothing", options(), run_verify};
}

Command import_command() {
  return {"import", "BUNDLE|-|PART... DEST", "verify a bundle, then re-import its images",
          joined(joined(options(), import_options()), network_options()), run_import};
}

}  // namespace gapstow::cli
