#include "gapstow/trust/expiry.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "support/error_of.h"

namespace {

using namespace gapstow;
using base::Time;
using trust::Clocks;
using trust::ExpiryRule;

constexpr std::int64_t kDay = 86400;
constexpr Time kSealed{1795000000, 0};
constexpr Time kLocal{1795000000 + 20 * kDay, 0};

Clocks clocks(bool proven = true, std::optional<Time> chosen = {}) { return {kLocal, chosen, kSealed, proven}; }

tuf::Lifetime until(Time end) { return {"timestamp", std::nullopt, end}; }

TEST_CASE("which clock judges") {
  const Time before = kSealed.plus_seconds(-kDay);
  const Time after = kSealed.plus_seconds(kDay);
  struct Row {
    ExpiryRule rule;
    Clocks clocks;
    Time at;
    const char* by;
  };
  const Row rows[] = {
      {ExpiryRule::now, clocks(), kLocal, "local clock"},
      {ExpiryRule::now, clocks(true, after), after, "--at"},
      {ExpiryRule::now, clocks(true, before), before, "--at"},
      {ExpiryRule::sealed, clocks(), kSealed, "seal time"},
      {ExpiryRule::sealed, clocks(true, after), kSealed, "seal time"},
      {ExpiryRule::sealed, clocks(true, before), before, "--at"},
      {ExpiryRule::sealed, clocks(true, kSealed), kSealed, "seal time"},
      {ExpiryRule::sealed, clocks(false), kLocal, "local clock"},
      {ExpiryRule::sealed, clocks(false, after), after, "--at"},
      {ExpiryRule::sealed, clocks(false, before), before, "--at"},
      {ExpiryRule::sealed, {kLocal, {}, {}, false}, kLocal, "local clock"},
      {ExpiryRule::sealed, {kLocal, after, {}, true}, after, "--at"},
      {ExpiryRule::ignore, clocks(), kSealed, "seal time"},
  };
  for (const auto& row : rows) {
    const auto verdict = trust::judge_expiry({until(row.at), until(row.at.plus_seconds(1))}, row.rule, row.clocks);
    CAPTURE(row.by, trust::name(row.rule));
    REQUIRE(verdict.rule == row.rule);
    REQUIRE(verdict.judged_at == row.at);
    REQUIRE(verdict.judged_by == row.by);
    const bool judged = row.rule != ExpiryRule::ignore;
    REQUIRE(verdict.findings.at(0).lapsed == judged);  // at the instant itself
    REQUIRE_FALSE(verdict.findings.at(1).lapsed);
    REQUIRE(verdict.reasons.size() == (judged ? 1 : 0));
  }
}

TEST_CASE("a nanosecond decides") {
  const auto lapsed = [](Time end) {
    return trust::judge_expiry({until(end)}, ExpiryRule::sealed, clocks()).findings.at(0).lapsed;
  };
  REQUIRE(lapsed({kSealed.seconds - 1, 999'999'999}));
  REQUIRE(lapsed(kSealed));
  REQUIRE_FALSE(lapsed({kSealed.seconds, 1}));
}

TEST_CASE("certificates may begin a day later") {
  const auto verdict_for = [](std::int64_t begins_after) {
    const tuf::Lifetime life{"root certificate", kSealed.plus_seconds(begins_after), kSealed.plus_seconds(900 * kDay)};
    return trust::judge_expiry({life}, ExpiryRule::sealed, clocks());
  };
  REQUIRE(verdict_for(-1).reasons.empty());
  REQUIRE(verdict_for(trust::kCertificateLeeway).reasons.empty());
  const auto early = verdict_for(trust::kCertificateLeeway + 1);
  REQUIRE(early.findings.at(0).lapsed);
  REQUIRE_FALSE(early.findings.at(0).lapsed_now);
  REQUIRE(early.reasons.size() == 1);
}

TEST_CASE("ignore reports everything and fails nothing") {
  const tuf::Lifetime over = until(kSealed.plus_seconds(-900 * kDay));
  const tuf::Lifetime early{"root certificate", kLocal.plus_seconds(900 * kDay), kLocal.plus_seconds(999 * kDay)};
  auto verdict = trust::judge_expiry({over, early}, ExpiryRule::ignore, clocks());
  trust::judge_age(verdict, 1, clocks());
  REQUIRE(verdict.findings.size() == 3);
  for (const auto& finding : verdict.findings) {
    REQUIRE_FALSE(finding.lapsed);
    REQUIRE(finding.lapsed_now);
  }
  REQUIRE(verdict.reasons.empty());
}

TEST_CASE("what lapsed by now is told apart from what decides") {
  const auto verdict = trust::judge_expiry({until(kSealed.plus_seconds(kDay))}, ExpiryRule::sealed, clocks());
  REQUIRE_FALSE(verdict.findings.at(0).lapsed);
  REQUIRE(verdict.findings.at(0).lapsed_now);
  REQUIRE(verdict.reasons.empty());
}

TEST_CASE("the age of the seal") {
  const auto judged = [](std::int64_t max_age, const Clocks& by, ExpiryRule rule = ExpiryRule::sealed) {
    auto verdict = trust::judge_expiry({}, rule, by);
    trust::judge_age(verdict, max_age, by);
    return verdict;
  };
  REQUIRE(judged(20 * kDay, clocks()).reasons.empty());
  REQUIRE(judged(20 * kDay - 1, clocks()).reasons.size() == 1);
  REQUIRE(judged(20 * kDay - 1, clocks(false)).reasons.size() == 1);
  REQUIRE(judged(20 * kDay - 1, clocks(), ExpiryRule::now).reasons.size() == 1);
  REQUIRE(judged(0, clocks(true, kSealed)).reasons.empty());
  REQUIRE(judged(0, clocks(true, kSealed.plus_seconds(1))).reasons.size() == 1);
  REQUIRE(judged(0, clocks(true, kSealed.plus_seconds(-kDay))).reasons.empty());
  REQUIRE(judged(INT64_MAX, clocks()).reasons.empty());
  REQUIRE(judged(1, {kLocal, {}, {}, false}).findings.empty());
  const auto finding = judged(kDay, clocks()).findings.at(0);
  REQUIRE(finding.what == "seal");
  REQUIRE(finding.until == kSealed.plus_seconds(kDay));
}

TEST_CASE("a seal from the future says that the clock is behind") {
  const auto at = [](std::int64_t ahead, std::optional<Time> chosen = {}) {
    return Clocks{kLocal, chosen, kLocal.plus_seconds(ahead), true};
  };
  REQUIRE_NOTHROW(trust::check_seal_clock(at(trust::kSealClockLeeway)));
  REQUIRE_ERROR(clock_behind, trust::check_seal_clock(at(trust::kSealClockLeeway + 1)));
  REQUIRE_NOTHROW(trust::check_seal_clock(at(trust::kSealClockLeeway + 1, kLocal)));
  REQUIRE_NOTHROW(trust::check_seal_clock({kLocal, {}, {}, false}));
  trust::ExpiryVerdict verdict;
  REQUIRE_ERROR(clock_behind, trust::judge_age(verdict, kDay, at(2 * kDay)));
  verdict.rule = ExpiryRule::ignore;
  REQUIRE_NOTHROW(trust::judge_age(verdict, kDay, at(2 * kDay)));
}

TEST_CASE("a stricter rule never accepts more") {
  const auto instant = rc::gen::map(rc::gen::inRange<std::int64_t>(0, 400),
                                    [](std::int64_t days) { return Time{1790000000 + days * kDay, 0}; });
  rc::check([&] {
    const Time end = *instant;
    const Time sealed = *instant;
    const Time local = sealed.plus_seconds(*rc::gen::inRange<std::int64_t>(0, 400) * kDay);
    const Clocks by{local, {}, sealed, *rc::gen::arbitrary<bool>()};
    const auto lapses = [&](ExpiryRule rule) { return !trust::judge_expiry({until(end)}, rule, by).reasons.empty(); };
    RC_ASSERT(!lapses(ExpiryRule::ignore));
    RC_ASSERT(!lapses(ExpiryRule::sealed) || lapses(ExpiryRule::now));
  });
}

}  // namespace
