#include "gapstow/serve/holdings.h"

#include "gapstow/base/error.h"
#include "gapstow/serve/decisions.h"

namespace gapstow::serve {
namespace {

using base::Error;
using base::ErrorCode;

/// Decided from the bundles alone; the version rises with time, as nobody else counts.
std::shared_ptr<const enforce::Snapshot> own_decisions(const std::vector<Bundle>& bundles,
                                                       const trust::TrustStore& store, const base::Time& now,
                                                       std::optional<base::Time> floor) {
  std::vector<transfer::Outcome> outcomes;
  for (const auto& bundle : bundles) outcomes.push_back(bundle->outcome());
  const DecisionTimes times{static_cast<std::uint64_t>(std::max<std::int64_t>(now.seconds, 1)), now, floor};
  return enforce::Snapshot::own(enforce::write_snapshot(decisions_of(outcomes, store, times)));
}

void refuse_older(const enforce::Snapshot& next, const Holdings* before) {
  if (before == nullptr || next.version() >= before->judge.snapshot().version()) return;
  throw Error(ErrorCode::rollback, "the decision file is of version " + std::to_string(next.version()) + ", version " +
                                       std::to_string(before->judge.snapshot().version()) + " is in use");
}

}  // namespace

std::shared_ptr<const Holdings> load_holdings(const HoldingsRequest& request, const Holdings* before,
                                              const transfer::Surroundings& around) {
  const trust::TrustStore store = trust::load_store(around.fs, request.trust_store);
  const auto state = trust::State::open_existing(request.state);
  const transfer::VerifyRequest verify{store, request.policy, request.at, {}};
  std::vector<Bundle> bundles;
  for (const auto& paths : transfer::group_bundles(around.fs, request.bundles)) {
    around.cancel.check();
    bundles.push_back(transfer::hold_bundle(paths, verify, state.get(), around));
  }
  const base::Time now = request.at.value_or(around.clock.now());
  std::shared_ptr<const enforce::Snapshot> snapshot;
  if (request.snapshot.empty()) {
    snapshot = own_decisions(bundles, store, now, state ? state->clock_floor() : std::nullopt);
  } else {
    snapshot = enforce::Snapshot::open(request.snapshot, store.operators);
    refuse_older(*snapshot, before);
  }
  Catalog catalog(bundles);
  return std::make_shared<const Holdings>(std::move(bundles), std::move(catalog),
                                          enforce::Judge(std::move(snapshot), store.operators), around.clock.now());
}

}  // namespace gapstow::serve
