#include "gapstow/transfer/verify_chain.h"

#include "clock_floor.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "history_check.h"

namespace gapstow::transfer {

using base::Error;
using base::ErrorCode;
ProvenChain verify_chain(const FoundChain& found, const std::string& gun, const ChainRequest& request,
                         trust::State* state, const base::Clock& clock) {
  ProvenChain proven;
  Outcome& outcome = proven.outcome;
  outcome.clocks.local = clock.now();
  outcome.clocks.chosen = request.at;
  check_clock_floor(outcome.clocks.local, state);
  const trust::ExpiryRule rule = request.policy.expiry.value_or(trust::ExpiryRule::now);
  if (rule == trust::ExpiryRule::sealed) {
    throw Error(ErrorCode::usage, "a chain alone has no seal to be judged by", "use --expiry now with --at TIME");
  }
  const auto chain = base::with_context("chain of " + gun, [&] {
    auto verified =
        tuf::verify_chain(found.files, *found.dialect, gun, request.store.pins_for(gun), outcome.clocks.checking());
    if (const auto older = older_than_seen(verified, state); older && request.rollback_reason.empty())
      throw Error(*older);
    return verified;
  });
  outcome.chains.push_back({gun,
                            chain.dialect(),
                            found.source,
                            chain.pin(),
                            false,
                            chain.first_root(),
                            chain.roles(),
                            chain.absent_roles(),
                            trust::judge_expiry(chain.lifetimes(), rule, outcome.clocks),
                            0,
                            0,
                            {}});
  for (const auto& target : request.targets) proven.targets.push_back(chain.find(target));
  if (request.targets.empty()) proven.targets = chain.all_targets();
  const auto& reasons = outcome.chains.front().expiry.reasons;
  if (!reasons.empty()) {
    throw Error(ErrorCode::expired, base::join(reasons, "; "),
                "--at TIME judges at another time, --expiry ignore not at all");
  }
  if (request.commit && state != nullptr) {
    state->remember({{chain.gun(), chain.root_identities(), chain.seen()}});
  }
  return proven;
}

}  // namespace gapstow::transfer
