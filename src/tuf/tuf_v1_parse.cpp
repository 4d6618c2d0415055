// Files of TUF 1.0 as values. Strict: what two readers could understand differently is refused.
#include <algorithm>
#include <set>

#include "fields.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "quorum.h"
#include "tuf_v1.h"
#include "words.h"

namespace gapstow::tuf::v1 {
namespace {

using base::Error;
using base::ErrorCode;
using json::Cursor;

constexpr std::size_t kHashHexDigits = 128;  ///< of the longest hash, SHA-512
constexpr std::string_view kFileSuffix = ".json";
constexpr unsigned kMaxBinBits = 32;
constexpr std::size_t kMaxAlgorithms = 64;

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 6 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// "1.0", "1.0.34": the major number decides.
void check_spec_version(const Cursor& body) {
  const auto at = body.at("spec_version");
  const auto& text = at.string(kMaxWord);
  const auto parts = base::split(text, '.');
  if (parts.size() < 2 || parts.size() > 3 || !std::ranges::all_of(parts, is_number)) {
    at.refuse(quoted(text) + " is no version of the specification");
  }
  if (parts[0] != "1") {
    throw Error(ErrorCode::unsupported, at.path() + ": metadata of specification " + text + ", known is 1");
  }
}

/// Bytes in hexadecimal; what is none is a signature that never verifies, as the empty ones that stand for signatures
/// still to be made.
base::Bytes signature_value(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return base::is_hex(text, text.size()) && text.size() % 2 == 0 ? base::from_hex(text) : base::Bytes{};
}

std::vector<Signature> read_signatures(const Cursor& at) {
  std::vector<Signature> signatures;
  for (const auto& item : bounded_array(at, kMaxSignatures)) {
    item.no_case_variants({"keyid", "sig"});
    signatures.push_back({item.at("keyid").string(kMaxKeyIdBytes), std::nullopt,
                          signature_value(item.at("sig").string(kMaxSignatureText))});
  }
  check_signature_list(signatures);
  return signatures;
}

template <typename Body, typename Read>
Signed<Body> read_v1(base::ByteView raw, std::uint64_t limit, std::string_view type, const Read& read) {
  const auto read_body = [&](const Cursor& body, Body& into) {
    body.no_case_variants({"spec_version"});
    check_spec_version(body);
    read(body, into);
  };
  return read_file<Body>(raw, limit, type, read_body, read_signatures);
}

/// Leaves the IDs whose keys can be used. A threshold that the keys cannot meet is no fault of the file that says so:
/// what it is asked for will not verify.
void settle(const Cursor& at, RoleKeys& role, const KeyMap& keys) {
  const std::set<std::string_view> distinct(role.key_ids.begin(), role.key_ids.end());
  if (distinct.size() != role.key_ids.size()) invalid(at, "a key is listed twice");
  std::erase_if(role.key_ids, [&](const std::string& id) { return !keys.contains(id); });
}

/// Of known algorithms, one at least. Those of others must be texts as well.
std::vector<digest::Digest> read_hashes(const Cursor& at) {
  at.no_case_variants({"sha256", "sha512"});
  std::vector<digest::Digest> hashes;
  for (const auto algorithm : {digest::Algorithm::sha256, digest::Algorithm::sha512}) {
    const auto hash = at.maybe(digest::name(algorithm));
    if (!hash) continue;
    base::with_context(hash->path(),
                       [&] { hashes.emplace_back(algorithm, base::from_hex(hash->string(kHashHexDigits))); });
  }
  if (object_of(at, kMaxAlgorithms).size() > hashes.size()) {
    for (const auto& [name, hash] : at.members()) hash.string();
  }
  if (hashes.empty()) invalid(at, "no hash of a known algorithm");
  return hashes;
}

/// Of another metadata file: its version, and length and hashes where the repository gives them.
FileMeta read_meta(const Cursor& at) {
  at.no_case_variants({"version", "length", "hashes"});
  FileMeta meta;
  meta.version = positive(at.at("version"));
  if (const auto length = at.maybe("length")) meta.length = length->unsigned_integer();
  if (const auto hashes = at.maybe("hashes")) meta.hashes = read_hashes(*hashes);
  return meta;
}

bool is_top_role(std::string_view name) {
  return name == "root" || name == "timestamp" || name == "snapshot" || name == kTopRole;
}

/// "7.root": its file would have the name of a version of the root.
bool is_numbered_root(std::string_view name) {
  constexpr std::string_view kSuffix = ".root";
  if (!name.ends_with(kSuffix)) return false;
  name.remove_suffix(kSuffix.size());
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

void check_role_name(const Cursor& at, const std::string& name) {
  const bool has_control = std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (name.empty() || has_control || is_top_role(name) || is_numbered_root(name))
    invalid(at, quoted(name) + " cannot be delegated to");
  base::check_limit(name.size(), kMaxRoleNameBytes, at.path());
}

void read_root(const Cursor& body, Root& root) {
  body.no_case_variants({"consistent_snapshot", "keys", "roles"});
  if (const auto consistent = body.maybe("consistent_snapshot")) root.consistent_snapshot = consistent->boolean();
  const auto roles = body.at("roles");
  for (const auto& [name, role] : roles.members()) {
    if (!is_top_role(name) && name != "mirrors") invalid(role, "no role of a root");
  }
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
  root.keys = read_keys(body.at("keys"), needed);
  for (auto& [type, keys] : root.roles) settle(roles, keys, root.keys);
}

void read_timestamp(const Cursor& body, Timestamp& timestamp) {
  body.no_case_variants({"meta"});
  const auto meta = body.at("meta");
  meta.no_case_variants({"snapshot.json"});
  const auto snapshot = meta.maybe("snapshot.json");
  if (!snapshot) invalid(meta, "no entry for the snapshot");
  timestamp.snapshot = read_meta(*snapshot);
}

/// Entries of files that are not of targets roles were usual before 1.0; they are passed over.
void read_snapshot(const Cursor& body, Snapshot& snapshot) {
  body.no_case_variants({"meta"});
  const auto meta = body.at("meta");
  object_of(meta, kMaxRoles);
  meta.no_case_variants({"targets.json"});
  for (const auto& [file, entry] : meta.members()) {
    auto read = read_meta(entry);
    if (!file.ends_with(kFileSuffix)) continue;
    std::string role = file.substr(0, file.size() - kFileSuffix.size());
    if (role != kTopRole && (is_top_role(role) || is_numbered_root(role))) continue;
    if (role != kTopRole) check_role_name(entry, role);
    snapshot.meta.emplace(std::move(role), std::move(read));
  }
  if (!snapshot.meta.contains(std::string(kTopRole))) invalid(meta, "no entry for role 'targets'");
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
    } catch (Error& error) {
      error.within("target " + quoted(name));
      throw;
    }
  }
}

std::vector<std::string> read_paths(const Cursor& at) {
  std::vector<std::string> paths;
  for (const auto& path : bounded_array(at, kMaxPaths)) paths.push_back(path.string(kMaxTargetNameBytes));
  return paths;
}

std::vector<std::string> read_hash_prefixes(const Cursor& at) {
  auto prefixes = read_paths(at);
  for (const auto& prefix : prefixes) {
    if (prefix.empty() || prefix.size() > 64 || !base::is_hex(prefix, prefix.size())) {
      at.refuse(quoted(prefix) + " is no beginning of a SHA-256 hash");
    }
  }
  return prefixes;
}

Delegation read_delegation(const Cursor& at) {
  at.no_case_variants({"name", "paths", "path_hash_prefixes", "terminating"});
  Delegation delegation;
  const auto name = at.at("name");
  delegation.name = name.string();
  check_role_name(name, delegation.name);
  delegation.keys = read_role_keys(at);
  delegation.terminating = at.at("terminating").boolean();
  const auto paths = at.maybe("paths");
  const auto prefixes = at.maybe("path_hash_prefixes");
  if (paths.has_value() == prefixes.has_value()) {
    invalid(at, "either paths or path_hash_prefixes are expected, " + std::string(paths ? "not both" : "not neither"));
  }
  if (paths) delegation.paths = read_paths(*paths);
  if (prefixes) delegation.hash_prefixes = read_hash_prefixes(*prefixes);
  return delegation;
}

Bins read_bins(const Cursor& at) {
  at.no_case_variants({"bit_length", "name_prefix"});
  Bins bins;
  bins.keys = read_role_keys(at);
  const auto bits = at.at("bit_length");
  const auto wanted = positive(bits);
  if (wanted > kMaxBinBits) invalid(bits, std::to_string(wanted) + " bits are more than 32");
  bins.bits = static_cast<unsigned>(wanted);
  const auto prefix = at.at("name_prefix");
  bins.prefix = prefix.string();
  check_role_name(prefix, bins.prefix + "-00000000");
  return bins;
}

void read_roles(const Cursor& roles, Targets& targets, std::set<std::string>& needed) {
  std::set<std::string> names;
  for (const auto& item : bounded_array(roles, kMaxDelegations)) {
    auto delegation = read_delegation(item);
    if (!names.insert(delegation.name).second) invalid(item, "a second delegation to " + quoted(delegation.name));
    needed.insert(delegation.keys.key_ids.begin(), delegation.keys.key_ids.end());
    targets.delegations.push_back(std::move(delegation));
  }
}

void read_delegations(const Cursor& at, Targets& targets) {
  at.no_case_variants({"keys", "roles", "succinct_roles"});
  std::set<std::string> needed;
  const auto roles = at.maybe("roles");
  const auto bins = at.maybe("succinct_roles");
  if (roles.has_value() == bins.has_value()) {
    invalid(at, "either roles or succinct_roles are expected, " + std::string(roles ? "not both" : "not neither"));
  }
  if (roles) read_roles(*roles, targets, needed);
  if (bins) {
    targets.bins = read_bins(*bins);
    needed.insert(targets.bins->keys.key_ids.begin(), targets.bins->keys.key_ids.end());
  }
  targets.keys = read_keys(at.at("keys"), needed);
  for (auto& delegation : targets.delegations) settle(at, delegation.keys, targets.keys);
  if (targets.bins) settle(at, targets.bins->keys, targets.keys);
}

}  // namespace

Signed<Root> parse_root(base::ByteView raw) { return read_v1<Root>(raw, kMaxRootBytes, "root", read_root); }

Signed<Timestamp> parse_timestamp(base::ByteView raw) {
  return read_v1<Timestamp>(raw, kMaxTimestampBytes, "timestamp", read_timestamp);
}

Signed<Snapshot> parse_snapshot(base::ByteView raw) {
  return read_v1<Snapshot>(raw, kMaxSnapshotBytes, "snapshot", read_snapshot);
}

Signed<Targets> parse_targets(base::ByteView raw) {
  return read_v1<Targets>(raw, kMaxTargetsBytes, "targets", [](const Cursor& body, Targets& targets) {
    body.no_case_variants({"targets", "delegations"});
    read_entries(body.at("targets"), targets.targets);
    if (const auto delegations = body.maybe("delegations")) read_delegations(*delegations, targets);
  });
}

}  // namespace gapstow::tuf::v1
