#include <algorithm>
#include <array>
#include <tuple>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/enforce/relocations.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "gapstow/tuf/dialect.h"
#include "options.h"
#include "table.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;
using trust::RootEntry;

constexpr std::uint64_t kMaxPemBytes = 1ULL << 20;

std::string read_text(base::ReadFs& fs, const std::string& path, std::uint64_t limit) {
  const auto bytes = base::read_file(fs, path, limit);
  return std::string(base::as_text(bytes));
}

void report_change(const Arguments& arguments, Terminal& terminal, const std::string& what, const std::string& folder) {
  terminal.print(arguments, what + " (" + folder + ")\n",
                 json::Object{{"command", "trust"}, {"changed", what}, {"folder", folder}});
}

/// Loads, changes, proves that the result reads back, saves.
template <typename Change>
void change_store(const Arguments& arguments, Terminal& terminal, const std::string& what, Change change) {
  const std::string folder = trust_store_folder(arguments, terminal.fs);
  trust::TrustStore store = trust::load_store(terminal.fs, folder);
  change(store);
  trust::save_store(terminal.fs, folder, trust::parse_store(trust::write_store(store)));
  report_change(arguments, terminal, what, folder);
}

int run_init(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(0, 0, "");
  const std::string folder = trust_store_folder(arguments, terminal.fs);
  if (terminal.fs.status(folder + "/" + std::string(trust::kStoreFile))) {
    throw Error(ErrorCode::conflict, folder + " holds a trust store already", "gapstow trust list shows it");
  }
  trust::TrustStore store;
  store.threshold = arguments.number("threshold", 1, 64).value_or(1);
  store.signer_time = !arguments.has("no-signer-time");
  trust::save_store(terminal.fs, folder, store);
  report_change(arguments, terminal, "trust store made", folder);
  return 0;
}

/// The public key of --key.
sign::PublicKey given_key(const Arguments& arguments, base::ReadFs& fs) {
  const std::string path = arguments.required("key");
  const std::string pem = read_text(fs, path, kMaxPemBytes);
  return base::with_context(path, [&] {
    auto parsed = sign::PublicKey::from_pem(pem);
    parsed.seal_scheme();  // refuses kinds that cannot seal
    return parsed;
  });
}

int run_add_signer(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "NAME");
  const std::string& name = arguments.operands().front();
  const auto key = given_key(arguments, terminal.fs);
  change_store(arguments, terminal, "signer " + name + " added", [&](trust::TrustStore& store) {
    if (store.find_signer(name) != nullptr) throw Error(ErrorCode::conflict, "a signer " + name + " is there already");
    if (const auto* other = store.find_signer_by_fingerprint(key.fingerprint())) {
      throw Error(ErrorCode::conflict, "the key is there already, as signer " + other->name);
    }
    store.signers.push_back({name, key});
  });
  return 0;
}

/// The one pin that the options name.
RootEntry root_entry(const Arguments& arguments, base::ReadFs& fs, const trust::Pattern& pattern) {
  std::vector<RootEntry> entries;
  if (const auto id = arguments.value("key-id")) entries.push_back({pattern, RootEntry::Kind::key_id, *id});
  if (const auto spki = arguments.value("spki")) entries.push_back({pattern, RootEntry::Kind::spki, *spki});
  if (const auto ca = arguments.value("ca")) {
    entries.push_back({pattern, RootEntry::Kind::ca, read_text(fs, *ca, kMaxPemBytes)});
  }
  if (const auto root = arguments.value("root")) {
    entries.push_back({pattern, RootEntry::Kind::root, read_text(fs, *root, tuf::kMaxRootBytes)});
  }
  if (entries.size() != 1) {
    throw Error(ErrorCode::usage, "a root is pinned by exactly one of --key-id, --spki, --ca and --root");
  }
  for (const auto& entry : entries) {
    const bool hex = entry.kind == RootEntry::Kind::key_id || entry.kind == RootEntry::Kind::spki;
    if (hex && !base::is_hex(entry.value, 64)) {
      throw Error(ErrorCode::usage, "'" + entry.value + "' is not 64 lower-case hexadecimal digits");
    }
  }
  return entries.front();
}

int run_add_root(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "GUN-PATTERN");
  const auto pattern = trust::Pattern::parse(arguments.operands().front());
  const RootEntry entry = root_entry(arguments, terminal.fs, pattern);
  if (entry.kind == RootEntry::Kind::root) {
    base::with_context(arguments.required("root"), [&] { tuf::dialect_of_root(base::as_bytes(entry.value)); });
  }
  entry.pin();  // a pin that cannot be used is refused now, not at the first import
  change_store(arguments, terminal, "root of " + pattern.text() + " pinned", [&](trust::TrustStore& store) {
    const bool known = std::ranges::any_of(store.roots, [&](const RootEntry& other) {
      return other.pattern == entry.pattern && other.kind == entry.kind && other.value == entry.value;
    });
    if (!known) store.roots.push_back(entry);
  });
  return 0;
}

int run_add_rule(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "GUN-PATTERN");
  trust::Rule rule;
  rule.pattern = trust::Pattern::parse(arguments.operands().front());
  rule.chain_required = !arguments.has("without-chain");
  rule.deny = arguments.value("deny");
  rule.signers = arguments.values("signer");
  rule.threshold = arguments.number("threshold", 1, 64);
  rule.roles = arguments.values("role");
  if (const auto expiry = arguments.value("expiry")) rule.expiry = trust::parse_expiry_rule(*expiry);
  if (const auto age = arguments.value("max-age")) rule.max_age_seconds = base::parse_duration(*age);
  change_store(arguments, terminal, "rule for " + rule.pattern.text() + " added", [&](trust::TrustStore& store) {
    if (std::ranges::find(store.rules, rule.pattern, &trust::Rule::pattern) != store.rules.end()) {
      throw Error(ErrorCode::conflict, "a rule for " + rule.pattern.text() + " is there already",
                  "remove it first: gapstow trust remove rule '" + rule.pattern.text() + "'");
    }
    for (const auto& signer : rule.signers) {
      if (store.find_signer(signer) == nullptr) {
        throw Error(ErrorCode::usage, "there is no signer " + signer,
                    "gapstow trust add-signer " + signer + " --key FILE");
      }
    }
    store.rules.push_back(rule);
  });
  return 0;
}

int run_add_operator(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "NAME");
  const std::string& name = arguments.operands().front();
  const auto rights = arguments.values("may");
  for (const auto& right : rights) {
    if (right != "snapshot" && right != "break-glass") {
      throw Error(ErrorCode::usage, "'" + right + "' is no right of an operator", "write snapshot or break-glass");
    }
  }
  if (rights.empty()) {
    throw Error(ErrorCode::usage, "an operator without a right is none", "add --may snapshot or --may break-glass");
  }
  const trust::Operator made{name, given_key(arguments, terminal.fs), std::ranges::count(rights, "snapshot") != 0,
                             std::ranges::count(rights, "break-glass") != 0};
  change_store(arguments, terminal, "operator " + name + " added", [&](trust::TrustStore& store) {
    if (store.find_operator(name) != nullptr) {
      throw Error(ErrorCode::conflict, "an operator " + name + " is there already",
                  "remove it first: gapstow trust remove operator " + name);
    }
    const auto other = std::ranges::find(store.operators, made.key, &trust::Operator::key);
    if (other != store.operators.end()) {
      throw Error(ErrorCode::conflict, "the key is there already, as operator " + other->name);
    }
    store.operators.push_back(made);
  });
  return 0;
}

/// "A=B"; Error{usage} for anything else.
std::pair<std::string, std::string> cut_pair(const std::string& text, const std::string& form) {
  const std::size_t at = text.find('=');
  if (at == 0 || at == std::string::npos || at + 1 == text.size() || text.find('=', at + 1) != std::string::npos) {
    throw Error(ErrorCode::usage, "'" + text + "' is not of the form " + form);
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

int run_add_relocation(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "FROM=TO");
  trust::Relocation made;
  std::tie(made.from, made.to) = cut_pair(arguments.operands().front(), "FROM=TO");
  for (const auto& text : arguments.values("tag")) {
    auto [origin, local] = cut_pair(text, "ORIGIN=LOCAL");
    if (!made.tags.emplace(origin, std::move(local)).second) {
      throw Error(ErrorCode::usage, "tag " + origin + " is given twice");
    }
  }
  const std::string what = "relocation of " + made.from + " to " + made.to + " added";
  change_store(arguments, terminal, what, [&](trust::TrustStore& store) {
    const auto other = std::ranges::find(store.relocations, made.to, &trust::Relocation::to);
    if (other != store.relocations.end()) {
      throw Error(ErrorCode::conflict, made.to + " stands for " + other->from + " already",
                  "remove that first: gapstow trust remove relocation " + made.to);
    }
    store.relocations.push_back(made);
    try {
      static_cast<void>(enforce::Relocations(store.relocations));
    } catch (const Error& error) {
      throw Error(ErrorCode::usage, error.line(), error.hint());
    }
  });
  return 0;
}

int run_list(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(0, 0, "");
  const std::string folder = trust_store_folder(arguments, terminal.fs);
  const auto store = trust::load_store(terminal.fs, folder);
  terminal.print(arguments, report::store_text(store, folder, terminal.style(arguments)),
                 report::store_json(store, folder));
  return 0;
}

/// Removes what matches; Error{not_found} when nothing does.
template <typename Items, typename Match>
void remove_where(Items& items, const std::string& what, Match match) {
  if (std::erase_if(items, match) == 0) throw Error(ErrorCode::not_found, "there is no " + what);
}

void remove_signer(trust::TrustStore& store, const std::string& name) {
  for (const auto& rule : store.rules) {
    if (std::ranges::find(rule.signers, name) != rule.signers.end()) {
      throw Error(ErrorCode::conflict, "the rule for " + rule.pattern.text() + " names signer " + name,
                  "remove that rule first");
    }
  }
  remove_where(store.signers, "signer " + name,
               [&](const trust::TrustedSigner& signer) { return signer.name == name; });
}

void remove_root(trust::TrustStore& store, const std::string& pattern, const std::optional<std::string>& key_id) {
  remove_where(store.roots, "root for " + pattern, [&](const RootEntry& root) {
    const bool chosen = !key_id || (root.kind == RootEntry::Kind::key_id && root.value == *key_id);
    return root.pattern.text() == pattern && chosen;
  });
}

int run_remove(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(2, 2, "signer or operator NAME, root or rule GUN-PATTERN, or relocation TO");
  const std::string& kind = arguments.operands()[0];
  const std::string& name = arguments.operands()[1];
  const auto only = arguments.value("key-id");
  constexpr std::array kKinds{"signer", "root", "rule", "operator", "relocation"};
  if (std::ranges::find(kKinds, kind) == kKinds.end()) {
    throw Error(ErrorCode::usage, "'" + kind + "' cannot be removed",
                "write signer NAME, root PATTERN, rule PATTERN, operator NAME or relocation TO");
  }
  if (only && kind != "root") throw Error(ErrorCode::usage, "--key-id goes with root only");
  change_store(arguments, terminal, kind + " " + name + " removed", [&](trust::TrustStore& store) {
    if (kind == "signer") return remove_signer(store, name);
    if (kind == "root") return remove_root(store, name, only);
    if (kind == "rule") {
      return remove_where(store.rules, "rule for " + name,
                          [&](const auto& each) { return each.pattern.text() == name; });
    }
    if (kind == "operator") {
      return remove_where(store.operators, "operator " + name, [&](const auto& each) { return each.name == name; });
    }
    remove_where(store.relocations, "relocation to " + name, [&](const auto& each) { return each.to == name; });
  });
  return 0;
}

}  // namespace

std::vector<Command> trust_commands() {
  return {
      {"trust init",
       "",
       "make an empty trust store",
       {kTrustStoreOption,
        {"threshold", 0, "N", "distinct trusted signers a seal needs (default 1)"},
        {"no-signer-time", 0, "", "a signer's word does not prove the time of a seal"}},
       run_init},
      {"trust add-signer",
       "NAME --key FILE",
       "trust a key to seal bundles",
       {kTrustStoreOption, {"key", 0, "FILE", "public key (PEM): Ed25519, ECDSA P-256 or RSA"}},
       run_add_signer},
      {"trust add-root",
       "GUN-PATTERN",
       "pin the root of repositories; the pattern may end in *",
       {kTrustStoreOption,
        {"key-id", 0, "HEX", "key ID of a root key"},
        {"spki", 0, "HEX", "SHA-256 of the root key's SubjectPublicKeyInfo"},
        {"ca", 0, "FILE", "certificate authorities (PEM) that the root certificate must chain to"},
        {"root", 0, "FILE", "a whole root.json"}},
       run_add_root},
      {"trust add-rule",
       "GUN-PATTERN",
       "say what repositories must fulfil; the pattern may end in *",
       {kTrustStoreOption,
        {"without-chain", 0, "", "images need no chain; the seal must hold all the same"},
        {"deny", 0, "REASON", "refuse images, whatever else holds"},
        {"signer", 0, "NAME", "only these signers count for the seal; may be repeated", true},
        {"threshold", 0, "N", "so many of them must have sealed"},
        {"role", 0, "ROLE", "only these roles may prove an image; may be repeated", true},
        {"expiry", 0, "RULE", "now, sealed or ignore"},
        {"max-age", 0, "DURATION", "oldest seal accepted: 90d, 12h"}},
       run_add_rule},
      {"trust add-operator",
       "NAME --key FILE --may RIGHT",
       "let a key speak for this site: decision files, tokens",
       {kTrustStoreOption,
        {"key", 0, "FILE", "public key (PEM): Ed25519, ECDSA P-256 or RSA"},
        {"may", 0, "RIGHT", "snapshot or break-glass; may be repeated", true}},
       run_add_operator},
      {"trust add-relocation",
       "FROM=TO",
       "say which origin is meant by a local name",
       {kTrustStoreOption, {"tag", 0, "ORIGIN=LOCAL", "a tag with another name here; may be repeated", true}},
       run_add_relocation},
      {"trust list", "", "show what is trusted", {kTrustStoreOption}, run_list},
      {"trust remove",
       "signer|operator NAME | root|rule GUN-PATTERN | relocation TO",
       "take something out of the trust store",
       {kTrustStoreOption, {"key-id", 0, "HEX", "of a root: only the pin with this key ID"}},
       run_remove},
  };
}

}  // namespace gapstow::cli
