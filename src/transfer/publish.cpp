#include "publish.h"

#include <algorithm>

namespace gapstow::transfer {
namespace {

trust::HistoryRecord make_record(const Outcome& outcome, const base::Time& now) {
  trust::HistoryRecord record;
  record.when = now;
  record.bundle_id = outcome.bundle_id;
  record.sealed_at = outcome.sealed_at;
  record.destination = outcome.destination;
  record.rollback_reason = outcome.rollback_reason;
  for (const auto& signer : outcome.signers) record.signers.push_back(signer.name + " (" + signer.fingerprint + ")");
  for (const auto& image : outcome.images) {
    if (image.imported_as.empty()) continue;
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

void publish(const Shipment& shipment, oci::ImageDestination& destination, const Publication& publication,
             Outcome& outcome, const Surroundings& around) {
  outcome.destination = destination.description();
  outcome.is_rehearsal = publication.options.dry_run;
  if (outcome.is_rehearsal) return shipment.report(destination, outcome);
  around.cancel.check();
  destination.settle();
  shipment.report(destination, outcome);
  around.cancel.check();
  const auto state = trust::State::open_or_create(publication.state_path);
  state->commit(make_record(outcome, around.clock.now()), publication.updates, new_floor(outcome.clocks),
                [&] { destination.commit(); });
  shipment.report(destination, outcome);
}

}  // namespace gapstow::transfer
