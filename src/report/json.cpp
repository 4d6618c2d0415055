#include "gapstow/report/json.h"

#include "deliveries.h"
#include "gapstow/bundle/layout.h"
#include "json_parts.h"

namespace gapstow::report {
namespace {

json::Value signer_json(const transfer::SignerOutcome& signer) {
  return json::Object{
      {"name", text_or_null(signer.name)}, {"fingerprint", signer.fingerprint}, {"algorithm", signer.algorithm}};
}

json::Value refusal_json(const trust::Decision::Refusal& refusal) {
  return json::Object{{"code", std::string(base::name(refusal.code))}, {"reason", refusal.reason}};
}

json::Value image_json(const transfer::ImageOutcome& image, const transfer::Outcome& outcome) {
  const auto& record = image.record;
  json::Object out{{"reference", record.reference},
                   {"digest", record.digest.text()},
                   {"mediaType", record.media_type},
                   {"size", record.size},
                   {"binding", record.binding},
                   {"platforms", strings(record.platforms)},
                   {"leftOut", digests(record.left_out)},
                   {"blobs", static_cast<std::uint64_t>(image.blobs)},
                   {"bytes", image.bytes},
                   {"proof", json::Value()},
                   {"namedBySeal", image.named_by_seal},
                   {"rule", text_or_null(image.decision.rule)},
                   {"accepted", image.decision.allowed()},
                   {"refusals", array_of(image.decision.refusals, refusal_json)},
                   {"attachments", array_of(record.attachments, attachment_json)},
                   {"importedAs", is_delivered(image) ? json::Value(image.imported_as) : json::Value()},
                   {"delivery", delivery_json(image.delivery)}};
  if (image.target) out.set("proof", target_json(*image.target, outcome.chains.at(record.proof->chain).gun));
  return out;
}

/// null of a copy that nobody sealed.
json::Value seal_json(const transfer::Outcome& outcome, const std::string& name) {
  if (outcome.bundle_id.empty()) return {};
  return json::Object{{"name", name},
                      {"id", outcome.bundle_id},
                      {"size", outcome.bundle_size},
                      {"entries", static_cast<std::uint64_t>(outcome.entries)},
                      {"sealedAt", time_json(outcome.sealed_at)},
                      {"tool", outcome.tool},
                      {"threshold", outcome.threshold},
                      {"signers", array_of(outcome.signers, signer_json)},
                      {"unknownSigners", array_of(outcome.unknown_signers, signer_json)},
                      {"expiredWhenPacked", strings(outcome.packed_with.expired)}};
}

json::Value claimed_image_json(const bundle::ImageRecord& image, const bundle::Statement& statement) {
  json::Object out{{"reference", image.reference},
                   {"digest", image.digest.text()},
                   {"mediaType", image.media_type},
                   {"size", image.size},
                   {"binding", image.binding},
                   {"platforms", strings(image.platforms)},
                   {"leftOut", digests(image.left_out)},
                   {"proof", json::Value()},
                   {"attachments", array_of(image.attachments, attachment_json)}};
  if (image.proof) {
    out.set("proof", json::Object{{"gun", statement.chains.at(image.proof->chain).gun},
                                  {"target", image.proof->target},
                                  {"role", image.proof->role}});
  }
  return out;
}

json::Value chain_record_json(const bundle::ChainRecord& chain) {
  const auto file_json = [](const bundle::ChainFile& file) {
    return json::Value(json::Object{{"file", file.file}, {"role", file.role}, {"version", file.version}});
  };
  const auto target_file_json = [](const bundle::TargetFileRecord& target) {
    return json::Value(json::Object{{"name", target.name}, {"sha256", target.sha256.hex()}, {"size", target.size}});
  };
  return json::Object{{"folder", chain.folder},
                      {"gun", chain.gun},
                      {"dialect", chain.dialect},
                      {"source", chain.source},
                      {"pin", chain.pin},
                      {"firstUse", chain.first_use},
                      {"rootKeyIds", strings(chain.root_key_ids)},
                      {"files", array_of(chain.files, file_json)},
                      {"targets", array_of(chain.targets, target_file_json)}};
}

json::Value history_image_json(const trust::HistoryRecord::Image& image) {
  return json::Object{{"reference", image.reference},
                      {"digest", image.digest},
                      {"role", text_or_null(image.role)},
                      {"keyIds", strings(image.key_ids)},
                      {"importedAs", image.imported_as}};
}

json::Value root_entry_json(const trust::RootEntry& root) {
  constexpr std::string_view kKinds[] = {"keyId", "spki", "ca", "root"};
  return json::Object{{"pattern", root.pattern.text()},
                      {"kind", std::string(kKinds[static_cast<std::size_t>(root.kind)])},
                      {"value", root.value}};
}

json::Value rule_json(const trust::Rule& rule) {
  json::Object out{{"pattern", rule.pattern.text()},
                   {"chainRequired", rule.chain_required},
                   {"deny", rule.deny ? json::Value(*rule.deny) : json::Value()},
                   {"signers", strings(rule.signers)},
                   {"threshold", rule.threshold ? json::Value(*rule.threshold) : json::Value()},
                   {"roles", strings(rule.roles)},
                   {"expiry", rule.expiry ? json::Value(trust::name(*rule.expiry)) : json::Value()},
                   {"maxAgeSeconds", rule.max_age_seconds ? json::Value(*rule.max_age_seconds) : json::Value()}};
  return out;
}

}  // namespace

json::Value outcome_json(const transfer::Outcome& outcome, const std::string& command, const std::string& name) {
  const auto refusal = outcome.refusal();
  return json::Object{
      {"command", command},
      {"verdict", refusal ? "refused" : "proven"},
      {"exitCode", refusal ? base::exit_code(refusal->code) : 0},
      {"code", refusal ? json::Value(base::name(refusal->code)) : json::Value()},
      {"reason", refusal ? json::Value(refusal->reason) : json::Value()},
      {"bundle", seal_json(outcome, name)},
      {"clocks", clocks_json(outcome)},
      {"images", array_of(outcome.images, [&](const auto& image) { return image_json(image, outcome); })},
      {"chains", array_of(outcome.chains, chain_outcome_json)},
      {"failures", array_of(outcome.failures, left_out_json)},
      {"rehearsal", outcome.is_rehearsal},
      {"destination", text_or_null(outcome.destination)},
      {"rollbackReason", text_or_null(outcome.rollback_reason)}};
}

json::Value failure_json(const base::Error& error, const std::string& command) {
  return json::Object{{"command", command},
                      {"verdict", "failed"},
                      {"exitCode", base::exit_code(error.code())},
                      {"code", std::string(base::name(error.code()))},
                      {"reason", error.line()},
                      {"hint", text_or_null(error.hint())}};
}

json::Value inspect_json(const bundle::Seal& seal, const std::string& name) {
  const bundle::Statement& statement = seal.claimed();
  const auto signature_json = [](const sign::EnvelopeSignature& signature) {
    return json::Value(json::Object{{"fingerprint", signature.key.fingerprint()},
                                    {"algorithm", std::string(sign::name(signature.key.type()))}});
  };
  const auto entry_json = [](const bundle::Entry& entry) {
    return json::Value(json::Object{{"name", entry.name}, {"size", entry.size}, {"sha256", entry.sha256.hex()}});
  };
  return json::Object{
      {"command", "inspect"},
      {"verdict", "unproven"},
      {"bundle", json::Object{{"name", name},
                              {"id", seal.bundle_id().hex()},
                              {"size", bundle::lay_out(statement).total},
                              {"sealedAt", time_json(statement.sealed_at)},
                              {"tool", statement.tool},
                              {"signatures", array_of(seal.envelope().signatures, signature_json)},
                              {"expiryRule", statement.checked.expiry_rule},
                              {"checkedAt", time_json(statement.checked.checked_at)},
                              {"expiredWhenPacked", strings(statement.checked.expired)}}},
      {"images", array_of(statement.images, [&](const auto& image) { return claimed_image_json(image, statement); })},
      {"chains", array_of(statement.chains, chain_record_json)},
      {"entries", array_of(statement.entries, entry_json)}};
}

json::Value history_json(const std::vector<trust::HistoryRecord>& records) {
  const auto record_json = [](const trust::HistoryRecord& record) {
    return json::Value(json::Object{{"id", record.id},
                                    {"when", time_json(record.when)},
                                    {"bundleId", record.bundle_id},
                                    {"sealedAt", time_json(record.sealed_at)},
                                    {"signers", strings(record.signers)},
                                    {"destination", record.destination},
                                    {"images", array_of(record.images, history_image_json)},
                                    {"rollbackReason", text_or_null(record.rollback_reason)}});
  };
  return json::Object{{"command", "history"}, {"imports", array_of(records, record_json)}};
}

json::Value store_json(const trust::TrustStore& store, const std::string& folder) {
  const auto trusted_json = [](const trust::TrustedSigner& signer) {
    return json::Value(json::Object{{"name", signer.name},
                                    {"fingerprint", signer.key.fingerprint()},
                                    {"algorithm", std::string(sign::name(signer.key.type()))}});
  };
  const auto operator_json = [](const trust::Operator& each) {
    json::Array may;
    if (each.may_break_glass) may.emplace_back("break-glass");
    if (each.may_snapshot) may.emplace_back("snapshot");
    return json::Value(json::Object{{"name", each.name},
                                    {"fingerprint", each.key.fingerprint()},
                                    {"algorithm", std::string(sign::name(each.key.type()))},
                                    {"may", std::move(may)}});
  };
  const auto relocation_json = [](const trust::Relocation& each) {
    json::Array tags;
    for (const auto& [origin, local] : each.tags) {
      tags.emplace_back(json::Object{{"origin", origin}, {"local", local}});
    }
    return json::Value(json::Object{{"from", each.from}, {"to", each.to}, {"tags", std::move(tags)}});
  };
  return json::Object{{"command", "trust list"},
                      {"folder", folder},
                      {"threshold", store.threshold},
                      {"signerTime", store.signer_time},
                      {"signers", array_of(store.signers, trusted_json)},
                      {"roots", array_of(store.roots, root_entry_json)},
                      {"rules", array_of(store.rules, rule_json)},
                      {"operators", array_of(store.operators, operator_json)},
                      {"relocations", array_of(store.relocations, relocation_json)}};
}

json::Value chain_json(const transfer::ChainOutcome& chain, const std::vector<tuf::ProvenTarget>& targets,
                       const transfer::Outcome& outcome) {
  return json::Object{
      {"command", "chain verify"},
      {"verdict", "proven"},
      {"exitCode", 0},
      {"clocks", clocks_json(outcome)},
      {"chain", chain_outcome_json(chain)},
      {"targets", array_of(targets, [&](const auto& target) { return target_json(target, chain.gun); })}};
}

}  // namespace gapstow::report
