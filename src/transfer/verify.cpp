#include "gapstow/transfer/verify.h"

#include "prover.h"
#include "publish.h"

namespace gapstow::transfer {
namespace {

bundle::VerifiedBundle read_through(BundleInput& input, Prover& prover, const Surroundings& around) {
  bundle::ReadOptions options;
  options.cancel = &around.cancel;
  options.jobs = around.jobs;
  options.on_progress = [&](std::uint64_t bytes) { around.observer.advance(bytes); };
  return input.read(prover, options);
}

}  // namespace

Outcome verify(BundleInput& input, const VerifyRequest& request, trust::State* state, const Surroundings& around) {
  Prover prover(request, state, around);
  read_through(input, prover, around);
  return prover.take_outcome();
}

Outcome import(BundleInput& input, const VerifyRequest& request, oci::ImageDestination& destination,
               const ImportOptions& options, const std::string& state_path, const Surroundings& around) {
  auto seen = trust::State::open_existing(state_path);
  Prover prover(request, seen.get(), around);
  prover.deliver_to(destination, options);
  const auto proven = read_through(input, prover, around);
  const auto updates = prover.updates();
  Outcome outcome = prover.take_outcome();
  if (!prover.shipment()) return outcome;
  seen.reset();
  publish(*prover.shipment(), destination, {options, updates, state_path}, outcome, around);
  return outcome;
}

Outcome import_repositories(BundleInput& input, const VerifyRequest& request, const std::string& folder,
                            const std::string& state_path, const Surroundings& around) {
  auto seen = trust::State::open_existing(state_path);
  RepositoryWriter writer(around.fs, folder);
  Prover prover(request, seen.get(), around);
  prover.deliver_to(writer);
  read_through(input, prover, around);
  const auto updates = prover.updates();
  Outcome outcome = prover.take_outcome();
  if (outcome.refusal()) return outcome;
  seen.reset();
  publish(writer, updates, state_path, outcome, around);
  return outcome;
}

}  // namespace gapstow::transfer
