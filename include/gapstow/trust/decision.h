// Decision: whether an image is accepted, and why; a denial is data, with every reason.
#pragma once

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

/// What was proven about one image before any rule is asked.
struct Evidence {
  std::string repository;                     ///< GUN
  std::vector<std::string> seal_signers;      ///< names of the trusted signers that sealed
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
};

Decision decide(const TrustStore& store, const RunPolicy& run, const Evidence& evidence, const Clocks& clocks);

/// The heavier of two codes where a run has several: untrusted and damaged before rollback, denied, expired.
bool outweighs(base::ErrorCode a, base::ErrorCode b);

}  // namespace gapstow::trust
