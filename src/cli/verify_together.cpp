#include "verify_together.h"

#include "gapstow/transfer/held.h"
#include "gapstow/transfer/verify.h"
#include "options.h"

namespace gapstow::cli {

std::vector<transfer::Outcome> verify_together(const std::vector<std::string>& paths, const trust::TrustStore& store,
                                               trust::State* state, const Arguments& arguments, Terminal& terminal) {
  const transfer::VerifyRequest request{store, run_policy(arguments), arguments.time("at"), {}};
  const auto around = terminal.surroundings(arguments);
  for (const auto& group : transfer::group_bundles(terminal.fs, paths)) {
    const auto input = transfer::open_bundle(terminal.fs, group, terminal.input);
    transfer::verify(*input, request, state, around);
  }
  std::vector<transfer::Outcome> outcomes;
  for (const auto& held : transfer::hold_bundles(paths, request, state, around)) outcomes.push_back(held->outcome());
  return outcomes;
}

}  // namespace gapstow::cli
