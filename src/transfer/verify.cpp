#include "gapstow/transfer/verify.h"

#include <algorithm>

#include "prover.h"

namespace gapstow::transfer {
namespace {

bundle::VerifiedBundle read_through(BundleInput& input, Prover& prover, const Surroundings& around) {
  bundle::ReadOptions options;
  options.cancel = &around.cancel;
  options.jobs = around.jobs;
  options.on_progress = [&](std::uint64_t bytes) { around.observer.advance(bytes); };
  return input.read(prover, options);
}

trust::HistoryRecord make_record(const Outcome& outcome, const base::Time& now) {
  trust::HistoryRecord record;
  record.when = now;
  record.bundle_id = outcome.bundle_id;
  record.sealed_at = outcome.sealed_at;
  record.destination = outcome.destination;
  record.rollback_reason = outcome.rollback_reason;
  for (const auto& signer : outcome.signers) record.signers.push_back(signer.name + " (" + signer.fingerprint + ")");
  for (const auto& image : outcome.images) {
    trust::HistoryRecord::Image entry;
    entry.reference = image.record.reference;
    entry.digest = image.record.digest.text();
    entry.imported_as = image.imported_as;
    if (image.target) {
      entry.role = image.target->role;
      entry.key_ids = image.target->signed_by;
    }
    record.images.push_back(std::move(entry));
  }
  return record;
}

/// Evidence that time has come so far: the proven seal time, as far as the local clock agrees.
std::optional<base::Time> new_floor(const trust::Clocks& clocks) {
  if (!clocks.sealed_is_proven || !clocks.sealed) return std::nullopt;
  return std::min(*clocks.sealed, clocks.local);
}

}  // namespace

Outcome verify(BundleInput& input, const VerifyRequest& request, trust::State* state, const Surroundings& around) {
  Prover prover(request, state, nullptr, around);
  read_through(input, prover, around);
  return prover.take_outcome();
}

Outcome import(BundleInput& input, const VerifyRequest& request, oci::ImageDestination& destination,
               const std::string& state_path, const Surroundings& around) {
  auto seen = trust::State::open_existing(state_path);
  Prover prover(request, seen.get(), &destination, around);
  const auto proven = read_through(input, prover, around);
  const auto updates = prover.updates();
  Outcome outcome = prover.take_outcome();
  if (!prover.is_importing()) return outcome;
  seen.reset();
  outcome.destination = destination.description();
  for (auto& image : outcome.images) image.imported_as = image.record.reference;
  around.cancel.check();
  const auto state = trust::State::open_or_create(state_path);
  state->commit(make_record(outcome, around.clock.now()), updates, new_floor(outcome.clocks),
                [&] { destination.commit(); });
  return outcome;
}

}  // namespace gapstow::transfer
