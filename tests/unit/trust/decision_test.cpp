#include "gapstow/trust/decision.h"

#include <catch2/catch.hpp>

#include "support/error_of.h"
#include "support/trust_samples.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using base::Time;
using trust::Clocks;
using trust::Decision;
using trust::Evidence;
using trust::ExpiryRule;
using trust::Pattern;
using trust::Rule;
using trust::RunPolicy;
using trust::TrustStore;

constexpr std::int64_t kDay = 86400;
const Time kSealed = base::parse_time("2026-11-23T00:00:00Z");
const Clocks kClocks{kSealed.plus_seconds(kDay), {}, kSealed, true};
const std::string kGun = "localhost:5000/lab/app";

std::vector<ErrorCode> codes(const Decision& decision) {
  std::vector<ErrorCode> all;
  for (const auto& refusal : decision.refusals) all.push_back(refusal.code);
  return all;
}

Rule rule_for(const std::string& pattern) {
  Rule rule;
  rule.pattern = Pattern::parse(pattern);
  return rule;
}

TrustStore store_with(const Rule& rule) {
  TrustStore store = test::store_of_three();
  store.rules = {rule};
  return store;
}

Evidence bare(const std::vector<std::string>& signers = {"alice"}) { return {kGun, signers, nullptr, std::nullopt}; }

using Codes = std::vector<ErrorCode>;

TEST_CASE("without a rule an image needs a chain") {
  const auto decision = trust::decide(test::store_of_three(), {}, bare(), kClocks);
  REQUIRE(decision.rule == "default");
  REQUIRE(codes(decision) == Codes{ErrorCode::denied});
  REQUIRE_FALSE(decision.allowed());
  REQUIRE(decision.refusals[0].reason.find("add-rule '" + kGun + "' --without-chain") != std::string::npos);
}

TEST_CASE("a rule may allow images without a chain") {
  Rule rule = rule_for("localhost:5000/*");
  REQUIRE(codes(trust::decide(store_with(rule), {}, bare(), kClocks)) == Codes{ErrorCode::denied});
  rule.chain_required = false;
  const auto decision = trust::decide(store_with(rule), {}, bare(), kClocks);
  REQUIRE(decision.allowed());
  REQUIRE(decision.rule == "localhost:5000/*");
  Evidence other = bare();
  other.repository = "example.test/app";
  REQUIRE(codes(trust::decide(store_with(rule), {}, other, kClocks)) == Codes{ErrorCode::denied});
}

TEST_CASE("the most specific rule decides alone") {
  TrustStore store = test::store_of_three();
  Rule wide = rule_for("localhost:5000/*");
  wide.deny = "closed";
  Rule narrow = rule_for(kGun);
  narrow.chain_required = false;
  store.rules = {wide, narrow};
  REQUIRE(trust::decide(store, {}, bare(), kClocks).allowed());
  std::swap(store.rules[0].deny, store.rules[1].deny);
  REQUIRE(codes(trust::decide(store, {}, bare(), kClocks)) == Codes{ErrorCode::denied});
}

TEST_CASE("deny comes with every other reason") {
  Rule rule = rule_for("*");
  rule.deny = "withdrawn";
  rule.signers = {"bob"};
  REQUIRE(codes(trust::decide(store_with(rule), {}, bare(), kClocks)) ==
          Codes{ErrorCode::denied, ErrorCode::denied, ErrorCode::denied});
  const Clocks late{kSealed.plus_seconds(100 * kDay), {}, kSealed, true};
  REQUIRE(codes(trust::decide(store_with(rule), {}, bare(), late)).back() == ErrorCode::expired);
}

TEST_CASE("signers that a rule demands") {
  struct Row {
    unsigned store_threshold;
    std::vector<std::string> named;
    std::optional<unsigned> threshold;
    std::vector<std::string> sealed_by;
    bool allowed;
  };
  const Row rows[] = {
      {1, {}, {}, {"alice"}, true},
      {1, {"bob"}, {}, {"alice"}, false},
      {1, {"bob"}, {}, {"alice", "bob"}, true},
      {1, {"alice", "bob"}, {}, {"bob"}, true},
      {2, {"alice", "bob"}, {}, {"bob", "carol"}, false},
      {2, {"bob"}, {}, {"bob", "carol"}, true},
      {1, {"alice", "bob"}, 2, {"alice", "carol"}, false},
      {1, {"alice", "bob"}, 2, {"alice", "bob"}, true},
      {1, {"alice", "bob"}, 2, {"alice", "alice"}, false},
      {1, {}, 2, {"alice"}, false},
      {1, {}, 2, {"alice", "carol"}, true},
      {1, {}, 2, {"alice", "alice"}, false},
      {1, {}, 2, {"alice", "mallory"}, false},
      {1, {}, 3, {"alice", "bob", "carol"}, true},
      {1, {"mallory"}, {}, {"mallory"}, false},
  };
  for (const auto& row : rows) {
    Rule rule = rule_for(kGun);
    rule.chain_required = false;
    rule.signers = row.named;
    rule.threshold = row.threshold;
    TrustStore store = store_with(rule);
    store.threshold = row.store_threshold;
    const auto decision = trust::decide(store, {}, bare(row.sealed_by), kClocks);
    CAPTURE(row.named, row.sealed_by, row.store_threshold);
    REQUIRE(codes(decision) == (row.allowed ? Codes{} : Codes{ErrorCode::denied}));
  }
}

TEST_CASE("the stricter of rule and command line") {
  using E = ExpiryRule;
  struct Row {
    std::optional<E> rule;
    std::optional<E> run;
    E expected;
  };
  const Row rows[] = {
      {{}, {}, E::sealed},
      {{}, E::now, E::now},
      {{}, E::sealed, E::sealed},
      {{}, E::ignore, E::ignore},
      {E::now, {}, E::now},
      {E::now, E::sealed, E::now},
      {E::now, E::ignore, E::now},
      {E::sealed, {}, E::sealed},
      {E::sealed, E::now, E::now},
      {E::sealed, E::ignore, E::sealed},
      {E::ignore, {}, E::ignore},
      {E::ignore, E::sealed, E::sealed},
      {E::ignore, E::now, E::now},
      {E::now, E::now, E::now},
      {E::ignore, E::ignore, E::ignore},
  };
  for (const auto& row : rows) {
    Rule rule = rule_for("*");
    rule.expiry = row.rule;
    REQUIRE(trust::effective_expiry(&rule, {row.run, {}}) == row.expected);
    if (!row.rule) REQUIRE(trust::effective_expiry(nullptr, {row.run, {}}) == row.expected);
  }
}

TEST_CASE("the shorter age of rule and command line") {
  Rule rule = rule_for("*");
  REQUIRE(trust::effective_max_age(nullptr, {}) == trust::kDefaultMaxAge);
  REQUIRE(trust::effective_max_age(&rule, {}) == trust::kDefaultMaxAge);
  REQUIRE(trust::effective_max_age(&rule, {{}, 500 * kDay}) == 500 * kDay);
  rule.max_age_seconds = 10 * kDay;
  REQUIRE(trust::effective_max_age(&rule, {}) == 10 * kDay);
  REQUIRE(trust::effective_max_age(&rule, {{}, 500 * kDay}) == 10 * kDay);
  REQUIRE(trust::effective_max_age(&rule, {{}, kDay}) == kDay);
}

TEST_CASE("when the age of a seal is judged") {
  Rule rule = rule_for("*");
  rule.chain_required = false;
  const Clocks late{kSealed.plus_seconds(100 * kDay), {}, kSealed, true};
  const auto expired = [&](const RunPolicy& run, const Evidence& evidence) {
    return codes(trust::decide(store_with(rule), run, evidence, late)) == Codes{ErrorCode::expired};
  };
  REQUIRE(expired({}, bare()));
  REQUIRE(expired({ExpiryRule::now, {}}, bare()));
  REQUIRE_FALSE(expired({ExpiryRule::ignore, {}}, bare()));
  REQUIRE_FALSE(expired({{}, 101 * kDay}, bare()));
  REQUIRE_FALSE(expired({}, bare({})));  // not sealed yet
  const Clocks early{kSealed.plus_seconds(-2 * kDay), {}, kSealed, true};
  REQUIRE_ERROR(clock_behind, trust::decide(store_with(rule), {}, bare(), early));
  REQUIRE_NOTHROW(trust::decide(store_with(rule), {ExpiryRule::ignore, {}}, bare(), early));
}

TEST_CASE("a proven chain is judged by role, name and time") {
  const auto chain = test::sample_chain("dct-delegated");
  const Evidence evidence{kGun, {"alice"}, &chain, chain.find("1.1")};
  const TrustStore plain = test::store_of_three();
  REQUIRE(trust::decide(plain, {}, evidence, kClocks).allowed());

  Rule rule = rule_for("localhost:5000/*");
  rule.roles = {evidence.target->role};
  REQUIRE(trust::decide(store_with(rule), {}, evidence, kClocks).allowed());
  rule.roles = {"targets/nobody"};
  REQUIRE(codes(trust::decide(store_with(rule), {}, evidence, kClocks)) == Codes{ErrorCode::denied});

  Evidence other = evidence;
  other.repository = "localhost:5000/lab/other";
  REQUIRE(codes(trust::decide(plain, {}, other, kClocks)) == Codes{ErrorCode::name_mismatch});
  other = evidence;
  other.target.reset();
  REQUIRE(codes(trust::decide(plain, {}, other, kClocks)) == Codes{ErrorCode::target_missing});

  const Clocks later{base::parse_time("2026-12-20T00:00:00Z"), {}, kSealed, true};
  REQUIRE(trust::decide(plain, {}, evidence, later).allowed());
  REQUIRE(codes(trust::decide(plain, {ExpiryRule::now, {}}, evidence, later)) == Codes{ErrorCode::expired});
  REQUIRE(trust::decide(plain, {ExpiryRule::ignore, {}}, evidence, later).allowed());
  rule = rule_for(kGun);
  rule.expiry = ExpiryRule::now;
  REQUIRE(codes(trust::decide(store_with(rule), {ExpiryRule::ignore, {}}, evidence, later)) ==
          Codes{ErrorCode::expired});
}

TEST_CASE("under `now` the age of a seal over a chain counts only when named") {
  const auto chain = test::sample_chain("dct-delegated");
  const Evidence evidence{kGun, {"alice"}, &chain, chain.find("1.1")};
  const Clocks old{kSealed, {}, kSealed.plus_seconds(-200 * kDay), true};
  REQUIRE(trust::decide(test::store_of_three(), {ExpiryRule::now, {}}, evidence, old).allowed());
  REQUIRE(codes(trust::decide(test::store_of_three(), {ExpiryRule::now, 100 * kDay}, evidence, old)) ==
          Codes{ErrorCode::expired});
  Rule rule = rule_for("*");
  rule.max_age_seconds = 100 * kDay;
  REQUIRE(codes(trust::decide(store_with(rule), {ExpiryRule::now, {}}, evidence, old)) == Codes{ErrorCode::expired});
}

TEST_CASE("weights follow the exit codes") {
  const std::vector<int> heaviest_first{130, 1, 4, 3, 2, 6, 7, 5};
  const auto rank = [&](ErrorCode code) {
    return std::find(heaviest_first.begin(), heaviest_first.end(), base::exit_code(code)) - heaviest_first.begin();
  };
  for (const ErrorCode a : base::all_error_codes()) {
    for (const ErrorCode b : base::all_error_codes()) REQUIRE(trust::outweighs(a, b) == (rank(a) < rank(b)));
  }
}

}  // namespace
