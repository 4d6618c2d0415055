// Decision: whether an image is accepted, and why; a denial is data, with every reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/trust/expiry.h"
#include "gapstow/trust/store.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::trust {

/// What the command line may narrow or set for one run.
struct RunPolicy {
  std::optional<ExpiryRule> expiry;
  std::optional<std::int64_t> max_age_seconds;
};

/// What was proven about one image before any rule is asked. That the seal meets the threshold of the store is proven
/// before (bundle/seal.h); a rule can only ask for more.
struct Evidence {
  std::string repository;  ///< GUN
  /// Names of the trusted signers that sealed. Empty: not sealed yet, so that there is no age of a seal to judge.
  std::vector<std::string> seal_signers;
  const tuf::VerifiedChain* chain = nullptr;  ///< nullptr: packed without a chain
  std::optional<tuf::ProvenTarget> target;
};

/// `refusals` are sorted by weight; the first decides the exit code. Allowed when empty.
struct Decision {
  struct Refusal {
    base::ErrorCode code;
    std::string reason;
  };
  std::string rule;  ///< pattern of the rule that decided, or "default"
  std::vector<Refusal> refusals;
  ExpiryVerdict expiry;
  bool allowed() const { return refusals.empty(); }
  /// Adds a refusal behind those that weigh as much.
  void refuse(base::ErrorCode code, std::string reason);
};

/// The stricter of what the rule demands and what the command line says; a rule that says nothing (or no rule) leaves
/// it to the command line, and that to `sealed` and kDefaultMaxAge. Strict to lax: now, sealed, ignore; short to long.
ExpiryRule effective_expiry(const Rule* rule, const RunPolicy& run);
std::int64_t effective_max_age(const Rule* rule, const RunPolicy& run);

/// Error{clock_behind} as in check_seal_clock(); all else is in the decision.
Decision decide(const TrustStore& store, const RunPolicy& run, const Evidence& evidence, const Clocks& clocks);

/// The heavier of two codes where a run has several: untrusted, damaged, then what kept the run from finding out
/// (environment, usage), then rollback, denied, expired; interrupted before all. Equal for codes of one exit code.
bool outweighs(base::ErrorCode a, base::ErrorCode b);

}  // namespace gapstow::trust
