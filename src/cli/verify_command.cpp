#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "gapstow/transfer/verify.h"
#include "options.h"
#include "table.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

std::string shown_name(const std::vector<std::string>& paths) {
  if (paths.size() == 1) return paths.front() == "-" ? "standard input" : paths.front();
  return std::to_string(paths.size()) + " parts";
}

transfer::VerifyRequest make_request(const trust::TrustStore& store, const Arguments& arguments) {
  return {store, run_policy(arguments), arguments.time("at"), rollback_reason(arguments)};
}

/// How to go on after a refusal, where there is a way.
std::string advice(ErrorCode code) {
  switch (code) {
    case ErrorCode::expired:
      return "ask the sender for a newer export; --expiry ignore shows what would be accepted without regard to time";
    case ErrorCode::rollback:
      return "import the newer bundle again, or say --allow-rollback REASON";
    case ErrorCode::denied:
      return "gapstow trust list shows the rules";
    default:
      return "";
  }
}

/// Prints the report; a refusal also gets its line on standard error and its exit code.
int finish(const transfer::Outcome& outcome, const std::string& command, const std::string& name,
           const Arguments& arguments, Terminal& terminal) {
  terminal.print(arguments, report::outcome_text(outcome, name, terminal.style(arguments)),
                 report::outcome_json(outcome, command, name));
  const auto refusal = outcome.refusal();
  if (!refusal) return 0;
  terminal.messages << "gapstow: " << command << ": " << base::printable(name + ": " + refusal->reason) << " ["
                    << base::name(refusal->code) << "]\n";
  if (const std::string hint = advice(refusal->code); !hint.empty()) terminal.messages << "  " << hint << "\n";
  terminal.messages << std::flush;
  return base::exit_code(refusal->code);
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

std::unique_ptr<oci::ImageDestination> open_destination(base::WriteFs& fs, const std::string& text) {
  const oci::ImageLocation place = oci::parse_location(text);
  using Transport = oci::ImageLocation::Transport;
  switch (place.transport) {
    case Transport::oci:
      return oci::make_oci_folder(fs, place.path, place.reference);
    case Transport::oci_archive:
      return oci::make_oci_archive(fs, place.path, place.reference);
    case Transport::docker_archive:
      break;
  }
  if (!place.reference.empty()) {
    throw Error(ErrorCode::usage,
                "a docker archive names images by their origin reference, not by '" + place.reference + "'");
  }
  return oci::make_docker_archive(fs, place.path);
}

int run_import(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(2, SIZE_MAX, "BUNDLE, - or PART..., then DEST");
  std::vector<std::string> paths = arguments.operands();
  const std::string destination_text = paths.back();
  paths.pop_back();
  const auto destination = open_destination(terminal.fs, destination_text);
  const auto store = load_trust_store(arguments, terminal.fs);
  const auto request = make_request(store, arguments);
  const auto input = transfer::open_bundle(terminal.fs, paths, terminal.input);
  const auto outcome =
      transfer::import(*input, request, *destination, state_path(arguments), terminal.surroundings(arguments));
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
  return {"import", "BUNDLE|-|PART... DEST", "verify a bundle, then re-import its images", options(), run_import};
}

}  // namespace gapstow::cli
