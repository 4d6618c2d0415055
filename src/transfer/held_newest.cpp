// Several bundles together: what an older chain proves is asked of the newest one of its repository.
#include <algorithm>
#include <map>
#include <utility>

#include "gapstow/base/error.h"
#include "gapstow/transfer/held.h"
#include "gapstow/trust/decision.h"
#include "gapstow/tuf/dialect.h"
#include "hold.h"
#include "target_files.h"
#include "views.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

/// Versions of snapshot and timestamp: by them chains of one repository are ordered.
using ChainAge = std::pair<std::uint64_t, std::uint64_t>;

ChainAge chain_age(const ChainOutcome& chain) {
  ChainAge age;
  for (const auto& role : chain.roles) {
    if (role.name == "snapshot") age.first = role.version;
    if (role.name == "timestamp") age.second = role.version;
  }
  return age;
}

struct NewestChain {
  std::shared_ptr<HeldBundle> bundle;
  std::size_t index = 0;
  std::optional<tuf::VerifiedChain> proven{};  ///< once somebody asks

  const ChainOutcome& outcome() const { return bundle->outcome().chains.at(index); }
  const tuf::ChainFiles& files() const { return bundle->kept().chains.at(index); }
};

/// What the chain says of an image of an older one; Error where it does not sign it, or signs something else.
tuf::ProvenTarget find_again(const tuf::VerifiedChain& chain, const HeldBundle& holder,
                             const bundle::ImageRecord& record) {
  auto target = chain.find(record.proof->target);
  for (const auto& hash : further_hashes({record.proof->target, record.digest, record.size}, target)) {
    if (digest::sha512(*holder.kept().documents.at(record.digest)) == hash) continue;
    throw Error(ErrorCode::target_mismatch, "the chain signs " + target.name + " as " + hash.short_text());
  }
  return target;
}

void add_new(trust::Decision& decision, const trust::Decision::Refusal& refusal) {
  const auto is_same = [&](const auto& known) { return known.code == refusal.code && known.reason == refusal.reason; };
  if (std::ranges::none_of(decision.refusals, is_same)) decision.refuse(refusal.code, refusal.reason);
}

/// Where both end, the earlier end counts.
void shorten(std::optional<trust::TimeFinding>& next, const std::optional<trust::TimeFinding>& other) {
  if (other && (!next || other->until < next->until)) next = other;
}

}  // namespace

bool is_one_repository(const tuf::ChainFiles& a, const tuf::ChainFiles& b) {
  return std::ranges::any_of(a.roots, [&](const auto& root) {
    const auto found = b.roots.find(root.first);
    return found != b.roots.end() && found->second == root.second;
  });
}

class NewestChains {
 public:
  NewestChains(const std::vector<std::shared_ptr<HeldBundle>>& bundles, const VerifyRequest& request)
      : request_(request) {
    for (const auto& bundle : bundles) {
      for (std::size_t i = 0; i < bundle->outcome().chains.size(); ++i) {
        if (!bundle->is_rolled_back(i)) add({bundle, i});
      }
    }
  }

  /// Asks the newest chains about every image of the bundle that an older one proves.
  void judge(HeldBundle& bundle) {
    for (auto& image : bundle.outcome_.images) {
      if (!image.record.proof) continue;
      const std::size_t own = image.record.proof->chain;
      const auto& chain = bundle.outcome().chains.at(own);
      const auto newest = chains_.find({chain.dialect, chain.gun});
      if (newest == chains_.end() || chain_age(newest->second.outcome()) <= chain_age(chain)) continue;
      if (is_one_repository(newest->second.files(), bundle.kept().chains.at(own))) judge(bundle, image, newest->second);
    }
  }

 private:
  void add(NewestChain chain) {
    const auto& outcome = chain.outcome();
    const auto [known, is_new] = chains_.try_emplace({outcome.dialect, outcome.gun}, chain);
    if (!is_new && chain_age(outcome) > chain_age(known->second.outcome())) known->second = std::move(chain);
  }

  /// All that was said against the image stays, but that its chain is old; what the newest says is added.
  void judge(const HeldBundle& bundle, ImageOutcome& image, NewestChain& newest) const {
    auto& decision = image.decision;
    std::erase_if(decision.refusals, [](const auto& refusal) { return refusal.code == ErrorCode::rollback; });
    try {
      const auto& chain = prove(newest);
      image.target = find_again(chain, bundle, image.record);
      trust::Evidence evidence{chain.gun(), {}, &chain, image.target};
      for (const auto& signer : bundle.outcome().signers) evidence.seal_signers.push_back(signer.name);
      const auto again = trust::decide(request_.store, request_.policy, evidence, newest.bundle->outcome().clocks);
      for (const auto& refusal : again.refusals) add_new(decision, refusal);
      shorten(decision.expiry.next, again.expiry.next);
    } catch (const Error& error) {
      decision.refuse(error.code(), "by the newer chain in bundle " + newest.bundle->outcome().bundle_id.substr(0, 12) +
                                        ": " + error.line());
    }
  }

  const tuf::VerifiedChain& prove(NewestChain& newest) const {
    if (newest.proven) return *newest.proven;
    const auto& clocks = newest.bundle->outcome().clocks;
    const auto& record = newest.bundle->bundle().statement().chains.at(newest.index);
    const base::Time when = clocks.sealed_is_proven ? *clocks.sealed : clocks.checking();
    newest.proven =
        tuf::verify_chain(newest.files(), dialect_of(record), record.gun, request_.store.pins_for(record.gun), when);
    return *newest.proven;
  }

  const VerifyRequest& request_;
  std::map<std::pair<std::string, std::string>, NewestChain> chains_;  ///< by dialect and GUN
};

std::vector<std::shared_ptr<const HeldBundle>> hold_bundles(const std::vector<std::string>& operands,
                                                            const VerifyRequest& request, trust::State* state,
                                                            const Surroundings& around) {
  std::vector<std::shared_ptr<HeldBundle>> bundles;
  for (const auto& paths : group_bundles(around.fs, operands)) {
    around.cancel.check();
    bundles.push_back(hold(paths, request, state, around));
  }
  NewestChains newest(bundles, request);
  for (const auto& bundle : bundles) newest.judge(*bundle);
  return {bundles.begin(), bundles.end()};
}

}  // namespace gapstow::transfer
