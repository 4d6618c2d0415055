#include <algorithm>

#include "gapstow/base/text.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "json_parts.h"
#include "lines.h"

namespace gapstow::report {
namespace {

using base::format_time;
using base::printable;

std::vector<std::string> role_row(const tuf::ClaimedRole& role, const std::string& name, const Style& style) {
  if (!role.problem.empty()) return {printable(name), style.bad("unreadable: " + printable(role.problem))};
  const auto keys = style.verbose ? role.signed_by : abbreviate(role.signed_by);
  return {printable(name), std::to_string(role.version), printable(base::join(keys, ", ")),
          format_time({role.expires.seconds, 0})};
}

std::string grant_lines(const tuf::ClaimedGrant& grant, const Style& style) {
  std::string out =
      line(style, "",
           printable(grant.role) + ": " + std::to_string(grant.threshold) + " of " + std::to_string(grant.keys.size()));
  for (const auto& key : grant.keys) {
    std::string text = "  " + (style.verbose ? key.canonical_id : abbreviate(key.canonical_id)) + " " + key.type;
    if (!key.certificate_name.empty()) {
      text += ", certificate of " + printable(key.certificate_name);
      if (key.certificate_until) text += " until " + format_time({key.certificate_until->seconds, 0});
    }
    out += line(style, "", text);
  }
  return out;
}

json::Value claimed_role_json(const tuf::ClaimedRole& role) {
  return json::Object{{"name", role.name},
                      {"version", role.version},
                      {"expires", time_json(role.expires)},
                      {"length", role.length},
                      {"sha256", role.sha256.hex()},
                      {"signedBy", strings(role.signed_by)},
                      {"problem", text_or_null(role.problem)}};
}

json::Value claimed_key_json(const tuf::ClaimedKey& key) {
  return json::Object{{"id", key.id},
                      {"canonicalId", key.canonical_id},
                      {"type", key.type},
                      {"fingerprint", key.fingerprint},
                      {"certificateName", text_or_null(key.certificate_name)},
                      {"certificateUntil", key.certificate_until ? time_json(*key.certificate_until) : json::Value()}};
}

json::Value grant_json(const tuf::ClaimedGrant& grant) {
  return json::Object{{"role", grant.role},
                      {"delegator", grant.delegator},
                      {"threshold", grant.threshold},
                      {"keys", array_of(grant.keys, claimed_key_json)},
                      {"paths", strings(grant.paths)}};
}

}  // namespace

std::string claimed_chain_text(const tuf::ClaimedChain& chain, const std::string& source, const Style& style) {
  std::string out = line(style, "Chain", printable(source));
  out += line(style, "", style.warn("claimed, not proven: run gapstow chain verify"));
  std::vector<std::vector<std::string>> rows{
      {style.faint("role"), style.faint("version"), style.faint("signed by"), style.faint("expires")}};
  for (const auto& root : chain.roots) rows.push_back(role_row(root.file, "root", style));
  for (const auto& role : chain.roles) rows.push_back(role_row(role, role.name, style));
  out += table(rows, 12) + "\n";
  out += line(style, "Keys", "of the latest root");
  if (!chain.roots.empty()) {
    for (const auto& grant : chain.roots.back().grants) out += grant_lines(grant, style);
  }
  for (const auto& grant : chain.delegations) out += grant_lines(grant, style);
  for (const auto& target : chain.targets) {
    std::string text = printable(target.name) + style.faint("  " + printable(target.role)) + "  ";
    for (const auto& hash : target.target.hashes) text += (style.verbose ? hash.text() : hash.short_text()) + " ";
    out += line(style, "Target", text + std::to_string(target.target.length) + " bytes");
  }
  return out;
}

json::Value claimed_chain_json(const tuf::ClaimedChain& chain, const std::string& source) {
  const auto root_json = [](const tuf::ClaimedRoot& root) {
    return json::Value(
        json::Object{{"file", claimed_role_json(root.file)}, {"grants", array_of(root.grants, grant_json)}});
  };
  const auto claimed_target_json = [](const tuf::ClaimedTarget& target) {
    return json::Value(json::Object{{"name", target.name},
                                    {"role", target.role},
                                    {"length", target.target.length},
                                    {"hashes", digests(target.target.hashes)}});
  };
  return json::Object{{"command", "chain show"},
                      {"verdict", "unproven"},
                      {"source", source},
                      {"roots", array_of(chain.roots, root_json)},
                      {"roles", array_of(chain.roles, claimed_role_json)},
                      {"delegations", array_of(chain.delegations, grant_json)},
                      {"targets", array_of(chain.targets, claimed_target_json)}};
}

}  // namespace gapstow::report
