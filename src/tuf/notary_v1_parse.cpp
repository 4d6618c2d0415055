// Files of Notary v1 as values. Strict: what two readers could understand differently is refused.
#include <algorithm>
#include <set>

#include "fields.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "notary_v1.h"
#include "quorum.h"
#include "words.h"

namespace gapstow::tuf::notary {
namespace {

using json::Cursor;

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::optional<sign::Scheme> scheme_of(const std::string& method) {
  if (method == "ecdsa") return sign::Scheme::ecdsa_sha256_raw;
  if (method == "eddsa") return sign::Scheme::ed25519;
  if (method == "rsapss") return sign::Scheme::rsa_pss_sha256;
  if (method == "rsapkcs1v15") return sign::Scheme::rsa_pkcs1_sha256;
  return std::nullopt;
}

base::Bytes base64_of(const Cursor& at, std::size_t limit) {
  return base::with_context(at.path(), [&] { return base::from_base64(at.string(limit)); });
}

std::vector<Signature> read_signatures(const Cursor& at) {
  std::vector<Signature> signatures;
  for (const auto& item : bounded_array(at, kMaxSignatures)) {
    item.no_case_variants({"keyid", "method", "sig"});
    Signature signature;
    signature.key_id = item.at("keyid").string(kMaxKeyIdBytes);
    signature.scheme = scheme_of(lower_case(item.at("method").string(kMaxWord)));
    signature.value = base64_of(item.at("sig"), kMaxSignatureText);
    signatures.push_back(std::move(signature));
  }
  check_signature_list(signatures);
  return signatures;
}

constexpr std::size_t kMaxAlgorithms = 64;

/// Hashes of known algorithms; one at least. Those of others must be bytes as well. Duplicates cannot be: they are
/// members of an object.
std::vector<digest::Digest> read_hashes(const Cursor& at) {
  at.no_case_variants({"sha256", "sha512"});
  std::vector<digest::Digest> hashes;
  for (const auto algorithm : {digest::Algorithm::sha256, digest::Algorithm::sha512}) {
    const auto hash = at.maybe(digest::name(algorithm));
    if (!hash) continue;
    const auto value = base64_of(*hash, kMaxSignatureText);
    hashes.push_back(base::with_context(hash->path(), [&] { return digest::Digest(algorithm, value); }));
  }
  if (object_of(at, kMaxAlgorithms).size() > hashes.size()) {
    for (const auto& [name, hash] : at.members()) base64_of(hash, kMaxSignatureText);
  }
  if (hashes.empty()) invalid(at, "no hash of a known algorithm");
  return hashes;
}

FileMeta read_meta(const Cursor& at) {
  at.no_case_variants({"hashes", "length"});
  FileMeta meta;
  meta.length = at.at("length").unsigned_integer();
  meta.hashes = read_hashes(at.at("hashes"));
  return meta;
}

void demand_sha256(const FileMeta& meta, const Cursor& at) {
  if (meta.hashes.front().algorithm() != digest::Algorithm::sha256) invalid(at, "no SHA-256 hash");
}

template <typename Body, typename Read>
Signed<Body> read_notary_file(base::ByteView raw, std::uint64_t limit, std::string_view type, const Read& read) {
  return read_file<Body>(raw, limit, type, read, read_signatures);
}

void read_root(const Cursor& body, const KeyMap& known, Root& root) {
  constexpr std::size_t kMaxTopRoles = 1000;  // old clients kept earlier root roles as "root.N"
  body.no_case_variants({"consistent_snapshot", "keys", "roles"});
  if (const auto consistent = body.maybe("consistent_snapshot")) root.consistent_snapshot = consistent->boolean();
  const auto roles = body.at("roles");
  object_of(roles, kMaxTopRoles);
  roles.no_case_variants({"root", "timestamp", "snapshot", "targets"});
  std::set<std::string> needed;
  for (const auto& [type, name] :
       {std::pair(RoleType::root, "root"), std::pair(RoleType::timestamp, "timestamp"),
        std::pair(RoleType::snapshot, "snapshot"), std::pair(RoleType::targets, "targets")}) {
    const auto role = roles.maybe(name);
    if (!role) invalid(roles, "role " + quoted(name) + " is missing");
    auto keys = read_role_keys(*role);
    needed.insert(keys.key_ids.begin(), keys.key_ids.end());
    root.roles.emplace(type, std::move(keys));
  }
  root.keys = read_keys(body.at("keys"), needed, known);
  for (const auto& [type, keys] : root.roles) {
    base::with_context(roles.path(), [&, &role_keys = keys] { check_role_keys(role_keys, root.keys); });
  }
}

void read_timestamp(const Cursor& body, Timestamp& timestamp) {
  body.no_case_variants({"meta"});
  const auto meta = body.at("meta");
  meta.no_case_variants({"snapshot"});
  const auto snapshot = meta.maybe("snapshot");
  if (!snapshot) invalid(meta, "no entry for the snapshot");
  timestamp.snapshot = read_meta(*snapshot);
  demand_sha256(timestamp.snapshot, *snapshot);
}

void read_snapshot(const Cursor& body, Snapshot& snapshot) {
  body.no_case_variants({"meta"});
  const auto meta = body.at("meta");
  object_of(meta, kMaxRoles);
  for (const auto& [role, entry] : meta.members()) {
    const bool is_base = role == "root" || role == kTopRole;
    if (!is_base && !is_delegation_name(role)) invalid(entry, "not the name of a role that a snapshot lists");
    auto read = read_meta(entry);
    if (is_base) demand_sha256(read, entry);
    snapshot.meta.emplace_hint(snapshot.meta.end(), role, std::move(read));
  }
  for (const auto* role : {"root", "targets"}) {
    if (!snapshot.meta.contains(role)) invalid(meta, "no entry for role " + quoted(role));
  }
}

Target read_entry(const Cursor& at) {
  at.no_case_variants({"hashes", "length", "custom"});
  return {at.at("length").unsigned_integer(), read_hashes(at.at("hashes"))};
}

/// A file may have 100,000 targets: where one stands is put into words only when something is wrong with it.
void read_entries(const Cursor& at, std::map<std::string, Target>& targets) {
  for (const auto& [name, value] : object_of(at, kMaxTargets).members()) {
    base::check_limit(name.size(), kMaxTargetNameBytes, "length of a target's name");
    try {
      targets.emplace_hint(targets.end(), name, read_entry(Cursor(value)));
    } catch (base::Error& error) {
      error.within("target " + quoted(name));
      throw;
    }
  }
}

Delegation read_delegation(const Cursor& at, const std::string& role) {
  at.no_case_variants({"name", "paths"});
  Delegation delegation;
  const auto name = at.at("name");
  delegation.name = name.string();
  if (!is_direct_child(role, delegation.name)) {
    invalid(name, quoted(role) + " cannot delegate to " + quoted(delegation.name));
  }
  delegation.keys = read_role_keys(at);
  if (const auto paths = at.maybe("paths")) {
    for (const auto& path : bounded_array(*paths, kMaxPaths)) {
      delegation.paths.push_back(path.string(kMaxTargetNameBytes));
    }
  }
  return delegation;
}

void read_delegations(const Cursor& at, const std::string& role, Targets& targets) {
  at.no_case_variants({"keys", "roles"});
  std::set<std::string> names;
  std::set<std::string> needed;
  const auto roles = at.at("roles");
  for (const auto& item : bounded_array(roles, kMaxDelegations)) {
    auto delegation = read_delegation(item, role);
    if (!names.insert(delegation.name).second) invalid(item, "a second delegation to " + quoted(delegation.name));
    needed.insert(delegation.keys.key_ids.begin(), delegation.keys.key_ids.end());
    targets.delegations.push_back(std::move(delegation));
  }
  targets.keys = read_keys(at.at("keys"), needed, {});
  for (const auto& delegation : targets.delegations) {
    base::with_context("delegation " + quoted(delegation.name),
                       [&] { check_role_keys(delegation.keys, targets.keys); });
  }
}

}  // namespace

Signed<Root> parse_root(base::ByteView raw, const KeyMap& known) {
  return read_notary_file<Root>(raw, kMaxRootBytes, "Root",
                                [&](const Cursor& body, Root& root) { read_root(body, known, root); });
}

Signed<Timestamp> parse_timestamp(base::ByteView raw) {
  return read_notary_file<Timestamp>(raw, kMaxTimestampBytes, "Timestamp", read_timestamp);
}

Signed<Snapshot> parse_snapshot(base::ByteView raw) {
  return read_notary_file<Snapshot>(raw, kMaxSnapshotBytes, "Snapshot", read_snapshot);
}

Signed<Targets> parse_targets(base::ByteView raw, const std::string& role) {
  return read_notary_file<Targets>(raw, kMaxTargetsBytes, "Targets", [&](const Cursor& body, Targets& targets) {
    body.no_case_variants({"targets", "delegations"});
    read_entries(body.at("targets"), targets.targets);
    if (const auto delegations = body.maybe("delegations")) read_delegations(*delegations, role, targets);
  });
}

}  // namespace gapstow::tuf::notary
