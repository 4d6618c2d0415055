#include "gapstow/tuf/inspect.h"

#include <utility>

#include "gapstow/base/error.h"

namespace gapstow::tuf {
namespace {

ClaimedKey claimed_key(const Key& key, const Dialect& dialect) {
  ClaimedKey claimed;
  claimed.id = key.id;
  claimed.canonical_id = dialect.canonical_key_id(key);
  claimed.type = sign::name(key.key.type());
  claimed.fingerprint = key.key.fingerprint();
  if (key.certificates.empty()) return claimed;
  claimed.certificate_until = key.certificates.front().not_after();
  try {
    claimed.certificate_name = key.certificates.front().common_name();
  } catch (const base::Error&) {
    claimed.certificate_name.clear();  // a certificate without a name is shown without one
  }
  return claimed;
}

ClaimedGrant claimed_grant(std::string role, std::string delegator, const RoleKeys& role_keys, const KeyMap& keys,
                           const Dialect& dialect) {
  ClaimedGrant grant;
  grant.role = std::move(role);
  grant.delegator = std::move(delegator);
  grant.threshold = role_keys.threshold;
  for (const auto& id : role_keys.key_ids) {
    const auto key = keys.find(id);
    if (key != keys.end()) grant.keys.push_back(claimed_key(key->second, dialect));
  }
  return grant;
}

/// Reads one file; what goes wrong becomes its problem. `use` gets the parsed file.
template <typename Parse, typename Use>
ClaimedRole claimed_file(std::string name, base::ByteView raw, const Parse& parse, const Use& use) {
  ClaimedRole role;
  role.name = std::move(name);
  role.length = raw.size();
  role.sha256 = digest::sha256(raw);
  try {
    auto file = parse(raw);
    role.version = file.body.version;
    role.expires = file.body.expires;
    for (const auto& signature : file.signatures) role.signed_by.push_back(signature.key_id);
    use(std::move(file.body));
  } catch (const base::Error& error) {
    role.problem = error.line();
  }
  return role;
}

ClaimedRoot claimed_root(base::ByteView raw, const Dialect& dialect) {
  ClaimedRoot root;
  root.file = claimed_file(
      "root", raw, [&](base::ByteView bytes) { return dialect.parse_root(bytes); },
      [&](const Root& body) {
        for (const auto& [type, name] :
             {std::pair(RoleType::root, "root"), std::pair(RoleType::timestamp, "timestamp"),
              std::pair(RoleType::snapshot, "snapshot"), std::pair(RoleType::targets, "targets")}) {
          root.grants.push_back(claimed_grant(name, "root", body.roles.at(type), body.keys, dialect));
        }
      });
  return root;
}

void claim_targets(ClaimedChain& chain, const std::string& role, Targets body, const Dialect& dialect) {
  for (auto& delegation : body.delegations) {
    chain.delegations.push_back(claimed_grant(delegation.name, role, delegation.keys, body.keys, dialect));
    chain.delegations.back().paths = std::move(delegation.paths);
  }
  if (body.bins) {
    chain.delegations.push_back(claimed_grant(body.bins->prefix + "-*", role, body.bins->keys, body.keys, dialect));
  }
  for (auto& [name, target] : body.targets) chain.targets.push_back({name, role, std::move(target)});
}

}  // namespace

ClaimedChain inspect_chain(const ChainFiles& files, const Dialect& dialect) {
  ClaimedChain chain;
  for (const auto& [version, raw] : files.roots) {
    chain.roots.push_back(claimed_root(raw, dialect));
    ClaimedRole& file = chain.roots.back().file;
    if (file.problem.empty() && file.version != version) {
      file.problem =
          "the file of version " + std::to_string(version) + " holds version " + std::to_string(file.version);
    }
  }
  chain.roles.push_back(claimed_file(
      "timestamp", files.timestamp, [&](base::ByteView raw) { return dialect.parse_timestamp(raw); },
      [](const Timestamp&) {}));
  chain.roles.push_back(claimed_file(
      "snapshot", files.snapshot, [&](base::ByteView raw) { return dialect.parse_snapshot(raw); },
      [&](const Snapshot& body) {
        for (const auto& [role, meta] : body.meta) chain.listed_roles.push_back(role);
      }));
  for (const auto& [role, raw] : files.targets) {
    chain.roles.push_back(claimed_file(
        role, raw, [&, &name = role](base::ByteView bytes) { return dialect.parse_targets(bytes, name); },
        [&, &name = role](Targets body) { claim_targets(chain, name, std::move(body), dialect); }));
  }
  return chain;
}

}  // namespace gapstow::tuf
