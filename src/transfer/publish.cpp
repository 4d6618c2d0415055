#include "publish.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

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
  for (const auto& chain : outcome.chains) {
    if (chain.imported_as.empty()) continue;
    const auto& root = chain.roles.front();
    record.images.push_back({chain.gun, root.sha256.text(), root.name, root.signed_by, chain.imported_as});
  }
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
std::optional<base::Time> new_floor(const trust::Clocks& clocks, const base::Time& now) {
  if (!clocks.sealed_is_proven || !clocks.sealed) return std::nullopt;
  return std::min(*clocks.sealed, now);
}

std::size_t count_arrived(const Outcome& outcome) {
  return static_cast<std::size_t>(
      std::ranges::count_if(outcome.images, [](const ImageOutcome& image) { return !image.imported_as.empty(); }));
}

/// Without the chains whose images all failed to arrive.
std::vector<trust::SeenUpdate> arrived(const std::vector<trust::SeenUpdate>& updates, const Outcome& outcome) {
  std::set<std::string> wanted;
  std::set<std::string> there;
  for (const auto& image : outcome.images) {
    if (!image.record.proof) continue;
    const std::string& gun = outcome.chains.at(image.record.proof->chain).gun;
    (image.imported_as.empty() ? wanted : there).insert(gun);
  }
  std::vector<trust::SeenUpdate> kept;
  std::ranges::copy_if(updates, std::back_inserter(kept), [&](const trust::SeenUpdate& update) {
    return there.contains(update.gun) || !wanted.contains(update.gun);
  });
  return kept;
}

/// Thrown out of the state's transaction: some images could not be named, so another record is right.
struct FewerNamed {};

/// Everything that has arrived is named inside of the transaction that remembers it.
void commit(const Shipment& shipment, oci::ImageDestination& destination, const Publication& publication,
            Outcome& outcome, const base::Time& now) {
  const auto state = trust::State::open_or_create(publication.state_path);
  const auto remember = [&](const std::function<void()>& name_images) {
    state->commit(make_record(outcome, now), arrived(publication.updates, outcome), new_floor(outcome.clocks, now),
                  name_images);
  };
  const std::size_t standing = count_arrived(outcome);
  try {
    remember([&] {
      destination.commit();
      shipment.report(destination, outcome);
      if (count_arrived(outcome) != standing) throw FewerNamed{};
    });
  } catch (const FewerNamed&) {
    if (count_arrived(outcome) > 0) remember({});
  }
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
  if (count_arrived(outcome) > 0) commit(shipment, destination, publication, outcome, around.clock.now());
}

void publish(RepositoryWriter& repositories, const std::vector<trust::SeenUpdate>& updates,
             const std::string& state_path, Outcome& outcome, const Surroundings& around) {
  outcome.destination = repositories.description();
  around.cancel.check();
  repositories.settle();
  for (auto& chain : outcome.chains) chain.imported_as = repositories.place_of(chain.gun);
  const base::Time now = around.clock.now();
  trust::State::open_or_create(state_path)
      ->commit(make_record(outcome, now), updates, new_floor(outcome.clocks, now), [&] { repositories.publish(); });
}

}  // namespace gapstow::transfer
