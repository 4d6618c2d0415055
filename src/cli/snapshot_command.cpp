#include <charconv>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/serve/decisions.h"
#include "options.h"
#include "snapshot_report.h"
#include "table.h"
#include "verify_together.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;
using enforce::Snapshot;

std::optional<std::uint64_t> given_version(const Arguments& arguments) {
  const auto text = arguments.value("snapshot-version");
  if (!text) return std::nullopt;
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), version);
  constexpr std::uint64_t kMost = 1ULL << 53;  // JSON readers agree on numbers up to it
  if (error != std::errc() || end != text->data() + text->size() || version == 0 || version > kMost) {
    throw Error(ErrorCode::usage, "--snapshot-version takes a number from 1 on, not '" + *text + "'");
  }
  return version;
}

/// One more than that of the file which is there; readers refuse to go back.
std::uint64_t next_version(const std::string& path, const trust::TrustStore& store, const Arguments& arguments,
                           base::ReadFs& fs) {
  const auto given = given_version(arguments);
  if (!fs.status(path)) return given.value_or(1);
  std::shared_ptr<const Snapshot> before;
  try {
    before = Snapshot::open(path, store.operators);
  } catch (Error& error) {
    if (given) return *given;
    error.advise("the version of the file that is there cannot be told; give one with --snapshot-version");
    throw;
  }
  if (given && *given <= before->version()) {
    throw Error(ErrorCode::usage,
                path + " is version " + std::to_string(before->version()) + " already; versions only rise");
  }
  return given.value_or(before->version() + 1);
}

int run_snapshot(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, SIZE_MAX, "BUNDLE...");
  const std::string path = arguments.required("output");
  const auto store = load_trust_store(arguments, terminal.fs);
  const auto state = trust::State::open_existing(state_path(arguments));
  const std::uint64_t version = next_version(path, store, arguments, terminal.fs);
  const auto signers = open_signers(arguments, terminal);
  const auto outcomes = verify_together(arguments.operands(), store, state.get(), arguments, terminal);
  const base::Time now = terminal.clock.now();
  const auto floor = state != nullptr ? state->clock_floor() : std::nullopt;
  const auto content = serve::decisions_of(outcomes, store, {version, {now.seconds, 0}, floor});
  std::vector<const sign::Signer*> keys;
  for (const auto& signer : signers) keys.push_back(signer.get());
  const auto bytes = enforce::sign_snapshot(enforce::write_snapshot(content), keys);
  // As every reader will do it: a key that may not sign is found out here and not on the nodes.
  const auto snapshot = Snapshot::prove(bytes, store.operators);
  base::write_file(terminal.fs, path, bytes);
  terminal.print(arguments, snapshot_text(*snapshot, path, now, terminal.style(arguments)),
                 snapshot_json(*snapshot, path, "trust snapshot", now));
  return 0;
}

int run_show(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "FILE");
  const std::string& path = arguments.operands().front();
  const auto store = load_trust_store(arguments, terminal.fs);
  const auto snapshot = Snapshot::open(path, store.operators);
  const base::Time now = arguments.time("at").value_or(terminal.clock.now());
  terminal.print(arguments, snapshot_text(*snapshot, path, now, terminal.style(arguments)),
                 snapshot_json(*snapshot, path, "trust show-snapshot", now));
  return 0;
}

}  // namespace

std::vector<Command> snapshot_commands() {
  return {
      {"trust snapshot",
       "BUNDLE... -o FILE --signer KEY",
       "verify bundles and write a signed decision file",
       {kTrustStoreOption,
        {"output", 'o', "FILE", "the decision file"},
        {"signer", 0, "KEY", "private key file of an operator who may sign decision files; may be repeated", true},
        {"snapshot-version", 0, "N", "version of the file (default: one more than that of FILE)"},
        kStateOption,
        kExpiryOption,
        kMaxAgeOption,
        kAtOption,
        kJobsOption},
       run_snapshot},
      {"trust show-snapshot", "FILE", "show what a decision file says", {kTrustStoreOption, kAtOption}, run_show},
  };
}

}  // namespace gapstow::cli
