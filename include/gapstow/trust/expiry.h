// Judging lifetimes: which clock counts, and what has lapsed by it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/trust/store.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::trust {

inline constexpr std::int64_t kDefaultMaxAge = 90LL * 86400;
/// A seal may be this far ahead of the local clock: clocks on two sides of a gap differ.
inline constexpr std::int64_t kSealClockLeeway = 86400;
/// Certificates may begin this much later than the judged time (Notary's own leeway).
inline constexpr std::int64_t kCertificateLeeway = 86400;

/// The clocks of one run.
struct Clocks {
  base::Time local;                  ///< the machine's clock
  std::optional<base::Time> chosen;  ///< --at
  std::optional<base::Time> sealed;  ///< the seal's time
  bool sealed_is_proven = false;
  base::Time checking() const { return chosen.value_or(local); }
};

/// One finding about time; `lapsed` ones decide.
struct TimeFinding {
  std::string what;  ///< "timestamp", "root certificate", "seal"
  base::Time until;
  bool lapsed = false;      ///< by the judged clock under the rule
  bool lapsed_now = false;  ///< by the checking clock, for information
};

struct ExpiryVerdict {
  ExpiryRule rule = ExpiryRule::sealed;
  base::Time judged_at;  ///< the instant by which expiry was judged
  std::vector<TimeFinding> findings;
  std::vector<std::string> reasons;  ///< why it is expired; empty when it is not
  std::string judged_by;             ///< which clock that was: "seal time", "--at", "local clock"
  /// What lapses first while the checking clock goes on, where nothing has lapsed: a verdict that is kept must be
  /// given up then. Nothing when time cannot change it.
  std::optional<TimeFinding> next;
  void lapses_at(const TimeFinding& finding);
};

/// Judges the lifetimes of a chain. `sealed`: at the seal time when it is proven (and not later than an explicitly
/// chosen clock), else at the checking clock. `now`: at the checking clock. `ignore`: as `sealed`, and nothing lapses.
/// A lifetime is over at the instant `until` itself.
ExpiryVerdict judge_expiry(const std::vector<tuf::Lifetime>& lifetimes, ExpiryRule rule, const Clocks& clocks);

/// Error{clock_behind} for a seal further ahead of the local clock than kSealClockLeeway, unless a clock was chosen.
void check_seal_clock(const Clocks& clocks);

/// Adds the age of the seal by the checking clock against `max_age_seconds`; under `ignore` it is reported and does not
/// lapse. Nothing without a seal. Error{clock_behind} as check_seal_clock(), except under `ignore`.
void judge_age(ExpiryVerdict& verdict, std::int64_t max_age_seconds, const Clocks& clocks);

}  // namespace gapstow::trust
