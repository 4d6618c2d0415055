#include "gapstow/serve/holdings.h"

#include <algorithm>
#include <map>
#include <utility>

#include "gapstow/base/error.h"
#include "gapstow/serve/decisions.h"
#include "gapstow/tuf/chain.h"

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

/// The newest chain of each repository, by dialect and GUN.
struct NewestChain {
  std::uint64_t snapshot = 0;  ///< its version
  const tuf::ChainFiles* files = nullptr;
};
using NewestChains = std::map<std::pair<std::string, std::string>, NewestChain>;

NewestChains newest_chains(const std::vector<Bundle>& bundles) {
  NewestChains newest;
  for (const auto& bundle : bundles) {
    const auto& chains = bundle->outcome().chains;
    for (std::size_t i = 0; i < chains.size(); ++i) {
      NewestChain& known = newest[{chains[i].dialect, chains[i].gun}];
      const auto version = age_of(bundle->outcome(), i).first;
      if (known.files == nullptr || version > known.snapshot) known = {version, &bundle->kept().chains[i]};
    }
  }
  return newest;
}

/// What was proven while this process lives is its memory, whether or not an import has written it down.
void refuse_older(const std::vector<Bundle>& next, const Holdings* before) {
  if (before == nullptr) return;
  const NewestChains chains = newest_chains(next);
  for (const auto& [name, known] : newest_chains(before->bundles)) {
    const auto found = chains.find(name);
    if (found == chains.end() || found->second.snapshot >= known.snapshot) continue;
    if (!transfer::is_one_repository(*found->second.files, *known.files)) continue;
    throw Error(ErrorCode::rollback,
                "the newest chain of " + name.second + " is of snapshot version " +
                    std::to_string(found->second.snapshot) + ", version " + std::to_string(known.snapshot) +
                    " is in use",
                "start the server anew if it is to go back");
  }
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
  std::vector<Bundle> bundles = transfer::hold_bundles(request.bundles, verify, state.get(), around);
  refuse_older(bundles, before);
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
