#include "gapstow/trust/expiry.h"

#include <limits>

#include "gapstow/base/error.h"

namespace gapstow::trust {
namespace {

using base::format_time;
using base::Time;

/// The last instant that RFC 3339 can write.
constexpr Time kEndOfTime{253402300799, 999'999'999};

/// An instant and the words for the clock that gave it.
struct Judge {
  Time at;
  std::string by;
  std::string note;   ///< for reasons: why not the clock that the rule prefers
  bool moves = true;  ///< goes on, as the seal time does not
};

std::string checking_name(const Clocks& clocks) { return clocks.chosen ? "--at" : "local clock"; }

Judge choose(ExpiryRule rule, const Clocks& clocks) {
  const Judge checking{clocks.checking(), checking_name(clocks), ""};
  if (rule == ExpiryRule::now || !clocks.sealed) return checking;
  if (!clocks.sealed_is_proven) return {checking.at, checking.by, ", as the seal time is not proven"};
  if (clocks.chosen && *clocks.chosen < *clocks.sealed) return checking;
  return {*clocks.sealed, "seal time", "", false};
}

bool is_over(const tuf::Lifetime& lifetime, Time at) { return lifetime.until <= at; }

bool is_early(const tuf::Lifetime& lifetime, Time at) {
  return lifetime.not_before && *lifetime.not_before > at.plus_seconds(kCertificateLeeway);
}

Time later(Time from, std::int64_t seconds) {
  if (seconds > kEndOfTime.seconds - from.seconds) return kEndOfTime;
  return from.plus_seconds(seconds);
}

}  // namespace

void ExpiryVerdict::lapses_at(const TimeFinding& finding) {
  if (!next || finding.until < next->until) next = finding;
}

ExpiryVerdict judge_expiry(const std::vector<tuf::Lifetime>& lifetimes, ExpiryRule rule, const Clocks& clocks) {
  const Judge judge = choose(rule, clocks);
  ExpiryVerdict verdict;
  verdict.rule = rule;
  verdict.judged_at = judge.at;
  verdict.judged_by = judge.by;
  const std::string by = " (judged at " + format_time(judge.at) + ", " + judge.by + judge.note + ")";
  for (const auto& lifetime : lifetimes) {
    const bool over = is_over(lifetime, judge.at);
    const bool early = is_early(lifetime, judge.at);
    const bool lapsed = rule != ExpiryRule::ignore && (over || early);
    const bool lapsed_now = is_over(lifetime, clocks.checking()) || is_early(lifetime, clocks.checking());
    verdict.findings.push_back({lifetime.what, lifetime.until, lapsed, lapsed_now});
    if (rule != ExpiryRule::ignore && judge.moves && !lapsed) verdict.lapses_at(verdict.findings.back());
    if (lapsed && over) verdict.reasons.push_back(lifetime.what + " expired " + format_time(lifetime.until) + by);
    if (lapsed && early) {
      verdict.reasons.push_back(lifetime.what + " is not valid before " + format_time(*lifetime.not_before) + by);
    }
  }
  return verdict;
}

void check_seal_clock(const Clocks& clocks) {
  if (!clocks.sealed || clocks.chosen) return;
  if (*clocks.sealed <= clocks.local.plus_seconds(kSealClockLeeway)) return;
  throw base::Error(base::ErrorCode::clock_behind,
                    "sealed at " + format_time(*clocks.sealed) + ", which the local clock (" +
                        format_time(clocks.local) + ") has not reached",
                    "set the clock of this machine, or give the time to judge by with --at");
}

void judge_age(ExpiryVerdict& verdict, std::int64_t max_age_seconds, const Clocks& clocks) {
  if (!clocks.sealed) return;
  const bool ignored = verdict.rule == ExpiryRule::ignore;
  if (!ignored) check_seal_clock(clocks);
  const Time until = later(*clocks.sealed, max_age_seconds);
  const bool over = clocks.checking() > until;
  verdict.findings.push_back({"seal", until, over && !ignored, over});
  if (!over && !ignored) verdict.lapses_at(verdict.findings.back());
  if (!over || ignored) return;
  verdict.reasons.push_back("seal of " + format_time(*clocks.sealed) + " is older than " +
                            base::human_duration(max_age_seconds) + " (judged at " + format_time(clocks.checking()) +
                            ", " + checking_name(clocks) + ")");
}

}  // namespace gapstow::trust
