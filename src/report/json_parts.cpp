#include "json_parts.h"

namespace gapstow::report {
namespace {

json::Value role_json(const tuf::ProvenRole& role) {
  json::Object object{{"name", role.name},
                      {"version", role.version},
                      {"expires", time_json(role.expires)},
                      {"length", role.length},
                      {"sha256", role.sha256.hex()},
                      {"threshold", role.threshold},
                      {"signedBy", strings(role.signed_by)}};
  if (!role.unsigned_members.empty()) object.set("unsignedMembers", strings(role.unsigned_members));
  return object;
}

json::Value finding_json(const trust::TimeFinding& finding) {
  return json::Object{{"what", finding.what},
                      {"until", time_json(finding.until)},
                      {"lapsed", finding.lapsed},
                      {"lapsedNow", finding.lapsed_now}};
}

}  // namespace

json::Value strings(const std::vector<std::string>& texts) {
  return array_of(texts, [](const std::string& text) { return json::Value(text); });
}

json::Value digests(const std::vector<digest::Digest>& digests) {
  return array_of(digests, [](const digest::Digest& digest) { return json::Value(digest.text()); });
}

json::Value text_or_null(const std::string& text) { return text.empty() ? json::Value() : json::Value(text); }

json::Value time_json(base::Time time) { return base::format_time(time); }

json::Value error_json(const std::optional<base::Error>& error) {
  if (!error) return {};
  return json::Object{{"code", std::string(base::name(error->code()))}, {"reason", error->line()}};
}

json::Value chain_outcome_json(const transfer::ChainOutcome& chain) {
  return json::Object{
      {"gun", chain.gun},
      {"dialect", chain.dialect},
      {"source", chain.source},
      {"pin", chain.pin},
      {"firstUse", chain.first_use},
      {"firstRoot", chain.first_root},
      {"roles", array_of(chain.roles, role_json)},
      {"absentRoles", strings(chain.absent_roles)},
      {"expiryRule", std::string(trust::name(chain.expiry.rule))},
      {"judgedAt", time_json(chain.expiry.judged_at)},
      {"lifetimes", array_of(chain.expiry.findings, finding_json)},
      {"targetFiles", json::Object{{"count", std::uint64_t{chain.target_files}}, {"bytes", chain.target_bytes}}},
      {"importedAs", text_or_null(chain.imported_as)}};
}

json::Value target_json(const tuf::ProvenTarget& target, const std::string& gun) {
  return json::Object{{"gun", gun},
                      {"target", target.name},
                      {"role", target.role},
                      {"length", target.target.length},
                      {"hashes", digests(target.target.hashes)},
                      {"keyIds", strings(target.signed_by)},
                      {"differingRoles", strings(target.differing_roles)}};
}

json::Value clocks_json(const transfer::Outcome& outcome) {
  json::Object out{{"checkedAt", time_json(outcome.clocks.checking())},
                   {"chosen", outcome.clocks.chosen.has_value()},
                   {"local", time_json(outcome.clocks.local)}};
  if (outcome.clocks.sealed && !outcome.bundle_id.empty()) {
    out.set("sealedAt", time_json(*outcome.clocks.sealed));
    out.set("sealTimeProven", outcome.clocks.sealed_is_proven);
  }
  return out;
}

}  // namespace gapstow::report
