// What gapstow says to a vector: the chain engine, then what was seen before, then the target, then lifetimes.
#include <algorithm>
#include <stdexcept>

#include "gapstow/base/error.h"
#include "gapstow/trust/expiry.h"
#include "gapstow/trust/state.h"
#include "gapstow/tuf/dialect.h"
#include "support/temp_folder.h"
#include "vectors/tuf_vector.h"

namespace gapstow::test {
namespace {

const tuf::Dialect& dialect_of(const TufVector& vector) {
  for (const auto* dialect : {&tuf::notary_v1(), &tuf::tuf_v1()}) {
    if (dialect->name() == vector.dialect) return *dialect;
  }
  throw std::runtime_error("vector: unknown dialect " + vector.dialect);
}

tuf::RootPin to_pin(const VectorPin& pin) {
  if (pin.kind == "keyId") return tuf::KeyIdPin{pin.value};
  if (pin.kind == "spki") return tuf::SpkiPin{pin.value};
  if (pin.kind == "ca") return tuf::CaPin{sign::Certificate::from_pem(pin.value)};
  if (pin.kind == "root") return tuf::RootFilePin{base::to_bytes(pin.value)};
  return tuf::FirstUsePin{};
}

/// One reader, and what it remembers where a vector has several chains.
class Reader {
 public:
  Reader(const TufVector& vector, trust::State* state) : vector_(vector), state_(state) {}

  TufOutcome offer(const tuf::ChainFiles& files) {
    TufOutcome outcome;
    try {
      take(files, outcome);
    } catch (const base::Error& error) {
      outcome.verdict = base::name(error.code());
      outcome.why = error.line();
    }
    return outcome;
  }

 private:
  void take(const tuf::ChainFiles& files, TufOutcome& outcome) {
    const base::Time at = base::parse_time(vector_.at);
    std::vector<tuf::RootPin> pins;
    for (const auto& pin : vector_.pins) pins.push_back(to_pin(pin));
    const auto chain = tuf::verify_chain(files, dialect_of(vector_), vector_.gun, pins, at);
    tuf::check_against_seen(chain, vector_.seen);
    if (state_ != nullptr) tuf::check_against_seen(chain, state_->seen(vector_.gun, chain.root_identities()));
    auto lifetimes = chain.lifetimes();
    if (vector_.target) {
      const auto found = chain.find(*vector_.target);
      lifetimes = chain.lifetimes_for(found);
      describe(found, outcome.report);
    }
    for (const auto& role : chain.roles()) {
      outcome.report.signed_by[role.name] = role.signed_by;
      if (!role.unsigned_members.empty()) outcome.report.unsigned_members[role.name] = role.unsigned_members;
    }
    const auto expiry =
        trust::judge_expiry(lifetimes, trust::ExpiryRule::now, {.local = at, .chosen = {}, .sealed = {}});
    for (const auto& finding : expiry.findings) {
      if (finding.lapsed) outcome.lapsed.push_back(finding.what);
    }
    outcome.verdict = expiry.reasons.empty() ? "ok" : "expired";
    if (!expiry.reasons.empty()) {
      outcome.why = expiry.reasons.front();
    } else if (state_ != nullptr) {
      state_->remember({{vector_.gun, chain.root_identities(), chain.seen()}});
    }
  }

  static void describe(const tuf::ProvenTarget& found, VectorReport& report) {
    report.role = found.role;
    report.length = found.target.length;
    report.differing_roles = found.differing_roles;
    const auto& hashes = found.target.hashes;
    const auto sha256 = std::ranges::find(hashes, digest::Algorithm::sha256, &digest::Digest::algorithm);
    if (sha256 != hashes.end()) report.sha256 = sha256->hex();
  }

  const TufVector& vector_;
  trust::State* state_;  ///< or nullptr
};

}  // namespace

TufOutcome judge(const TufVector& vector) {
  if (vector.earlier.empty()) return Reader(vector, nullptr).offer(vector.files);
  const TempFolder folder;
  const auto state = trust::State::open_or_create(folder / "state.db");
  Reader reader(vector, state.get());
  for (const auto& [files, expected] : vector.earlier) {
    const auto outcome = reader.offer(files);
    if (outcome.verdict != expected) {
      return {"earlier chain: " + outcome.verdict, outcome.why, outcome.lapsed, outcome.report};
    }
  }
  return reader.offer(vector.files);
}

}  // namespace gapstow::test
