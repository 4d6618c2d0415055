#include "gapstow/trust/decision.h"

#include <algorithm>
#include <array>
#include <set>

#include "gapstow/base/text.h"

namespace gapstow::trust {
namespace {

using base::ErrorCode;

std::string under(const Rule& rule) { return "rule '" + rule.pattern.text() + "'"; }

/// The trusted signers of the seal, each once. Names that the store does not know count for nothing.
std::set<std::string> known_signers(const TrustStore& store, const Evidence& evidence) {
  std::set<std::string> names;
  for (const auto& each : evidence.seal_signers) {
    if (store.find_signer(each) != nullptr) names.insert(each);
  }
  return names;
}

/// How many of the signers that the rule names must have sealed.
std::size_t needed_of(const Rule& rule, const TrustStore& store) {
  if (rule.threshold) return *rule.threshold;
  return rule.signers.empty() ? store.threshold : std::min<std::size_t>(store.threshold, rule.signers.size());
}

void judge_signers(const TrustStore& store, const Rule* rule, const Evidence& evidence, Decision& out) {
  if (rule == nullptr || (rule->signers.empty() && !rule->threshold)) return;
  const auto sealed_by = known_signers(store, evidence);
  const auto counts = [&](const std::string& each) {
    return rule->signers.empty() || std::ranges::count(rule->signers, each) != 0;
  };
  const auto count = static_cast<std::size_t>(std::ranges::count_if(sealed_by, counts));
  const std::size_t needed = needed_of(*rule, store);
  if (count >= needed) return;
  const std::string whom = rule->signers.empty() ? "" : " of " + base::join(rule->signers, ", ");
  out.refuse(ErrorCode::denied, under(*rule) + " demands a seal by " + std::to_string(needed) + whom + ", " +
                                    std::to_string(count) + " sealed");
}

void judge_proof(const Rule* rule, const Evidence& evidence, Decision& out) {
  if (evidence.chain == nullptr) {
    if (rule != nullptr && !rule->chain_required) return;
    const std::string who = rule != nullptr ? under(*rule) + " demands" : "trust demands";
    out.refuse(ErrorCode::denied, evidence.repository + " came without a chain and " + who +
                                      " one; to allow it: gapstow trust add-rule '" + evidence.repository +
                                      "' --without-chain");
    return;
  }
  if (evidence.chain->gun() != evidence.repository) {
    out.refuse(ErrorCode::name_mismatch,
               "the chain is of " + evidence.chain->gun() + ", the image of " + evidence.repository);
  }
  if (!evidence.target) {
    out.refuse(ErrorCode::target_missing, "no target of the chain proves the image");
    return;
  }
  if (rule == nullptr || rule->roles.empty() || std::ranges::count(rule->roles, evidence.target->role) != 0) return;
  out.refuse(ErrorCode::denied, "role " + evidence.target->role + " vouches for target " + evidence.target->name +
                                    ", " + under(*rule) + " demands " + base::join(rule->roles, " or "));
}

/// What is not sealed yet has no age. Under `now` a chain's own time stamp tells how fresh it is; then a seal may be of
/// any age unless somebody named a limit.
bool age_matters(ExpiryRule expiry, const Rule* rule, const RunPolicy& run, const Evidence& evidence) {
  if (evidence.seal_signers.empty()) return false;
  const bool named = run.max_age_seconds || (rule != nullptr && rule->max_age_seconds);
  return expiry != ExpiryRule::now || named || evidence.chain == nullptr;
}

ExpiryVerdict judge_time(const Rule* rule, const RunPolicy& run, const Evidence& evidence, const Clocks& clocks) {
  const ExpiryRule expiry = effective_expiry(rule, run);
  std::vector<tuf::Lifetime> lifetimes;
  if (evidence.chain != nullptr) {
    // A lapsed delegation that the proof does not rest on is reported with the chain; it does not decide.
    lifetimes = evidence.target ? evidence.chain->lifetimes_for(*evidence.target) : evidence.chain->lifetimes();
  }
  auto verdict = judge_expiry(lifetimes, expiry, clocks);
  if (expiry != ExpiryRule::ignore && !evidence.seal_signers.empty()) check_seal_clock(clocks);
  if (age_matters(expiry, rule, run, evidence)) judge_age(verdict, effective_max_age(rule, run), clocks);
  return verdict;
}

/// Lower is heavier.
int weight(ErrorCode code) {
  constexpr std::array kHeaviestFirst{130, 1, 4, 3, 2, 6, 7, 5};
  const auto found = std::ranges::find(kHeaviestFirst, base::exit_code(code));
  return static_cast<int>(found - kHeaviestFirst.begin());
}

}  // namespace

void Decision::refuse(base::ErrorCode code, std::string reason) {
  const auto place = std::ranges::upper_bound(refusals, code, outweighs, &Refusal::code);
  refusals.insert(place, {code, std::move(reason)});
}

ExpiryRule effective_expiry(const Rule* rule, const RunPolicy& run) {
  if (rule == nullptr || !rule->expiry) return run.expiry.value_or(ExpiryRule::sealed);
  return std::min(*rule->expiry, run.expiry.value_or(*rule->expiry));  // declared from strict to lax
}

std::int64_t effective_max_age(const Rule* rule, const RunPolicy& run) {
  if (rule == nullptr || !rule->max_age_seconds) return run.max_age_seconds.value_or(kDefaultMaxAge);
  return std::min(*rule->max_age_seconds, run.max_age_seconds.value_or(*rule->max_age_seconds));
}

Decision decide(const TrustStore& store, const RunPolicy& run, const Evidence& evidence, const Clocks& clocks) {
  const Rule* rule = store.rule_for(evidence.repository);
  Decision decision;
  decision.rule = rule != nullptr ? rule->pattern.text() : "default";
  if (rule != nullptr && rule->deny) {
    decision.refuse(ErrorCode::denied, under(*rule) + " denies it: " + *rule->deny);
  }
  judge_signers(store, rule, evidence, decision);
  judge_proof(rule, evidence, decision);
  decision.expiry = judge_time(rule, run, evidence, clocks);
  for (const auto& reason : decision.expiry.reasons) decision.refuse(ErrorCode::expired, reason);
  return decision;
}

bool outweighs(base::ErrorCode a, base::ErrorCode b) { return weight(a) < weight(b); }

}  // namespace gapstow::trust
