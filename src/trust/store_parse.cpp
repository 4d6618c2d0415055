// Reading trust.json. What a careless edit could lose without notice (a rule, a threshold) must be there.
#include <algorithm>
#include <set>
#include <tuple>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/trust/store.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::trust {
namespace {

using base::Error;
using base::ErrorCode;
using json::Cursor;

constexpr std::int64_t kStoreVersion = 1;
constexpr std::size_t kMaxReasonBytes = 1024;
constexpr std::size_t kMaxKeyBytes = 64 << 10;

/// Runs a parser of another module; what it refuses is named by the place in the file.
template <typename Body>
auto at_place(const Cursor& place, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const Error& error) {
    const bool kept = error.code() == ErrorCode::unsupported || error.code() == ErrorCode::limit_exceeded;
    throw Error(kept ? error.code() : ErrorCode::malformed, place.path() + ": " + error.line(), error.hint());
  }
}

/// Text that people read: on one line, without anything that does not print.
std::string plain_text(const Cursor& place, std::size_t limit) {
  const std::string& text = place.string(limit);
  if (text.empty()) place.refuse("is empty");
  if (text.front() == ' ' || text.back() == ' ') place.refuse("begins or ends with a space");
  if (base::printable(text) != text) place.refuse("has characters that do not print");
  return text;
}

Pattern pattern(const Cursor& entry) {
  const Cursor place = entry.at("pattern");
  return at_place(place, [&] { return Pattern::parse(place.string(kMaxPatternBytes)); });
}

unsigned threshold(const Cursor& place) { return static_cast<unsigned>(place.integer(1, kMaxStoreThreshold)); }

/// A key that can sign what gapstow makes: seals, and what a site says.
sign::PublicKey public_key(const Cursor& place) {
  return at_place(place, [&] {
    auto key = sign::PublicKey::from_pem(place.string(kMaxKeyBytes));
    key.seal_scheme();
    return key;
  });
}

TrustedSigner signer(const Cursor& entry) {
  entry.only({"name", "key"});
  return {plain_text(entry.at("name"), kMaxStoreNameBytes), public_key(entry.at("key"))};
}

Operator site_operator(const Cursor& entry) {
  entry.only({"name", "key", "may"});
  Operator made{plain_text(entry.at("name"), kMaxStoreNameBytes), public_key(entry.at("key"))};
  const Cursor may = entry.at("may");
  for (const Cursor& place : may.array(2)) {
    const std::string& right = place.string(32);
    bool* const known = right == "snapshot"      ? &made.may_snapshot
                        : right == "break-glass" ? &made.may_break_glass
                                                 : nullptr;
    if (known == nullptr) place.refuse("'" + base::printable(right) + "' is no right of an operator");
    if (*known) place.refuse("is there twice");
    *known = true;
  }
  if (!made.may_snapshot && !made.may_break_glass) may.refuse("is empty, so the entry means nothing");
  return made;
}

/// Those who sign, sorted; a name and a key each occur once.
template <typename Signs>
std::vector<Signs> each_once(const Cursor& list, std::size_t most, Signs (*read)(const Cursor&)) {
  std::vector<Signs> all;
  std::set<std::string, std::less<>> names;
  std::set<std::string, std::less<>> keys;
  for (const Cursor& entry : list.array(most)) {
    all.push_back(read(entry));
    if (!names.insert(all.back().name).second) entry.at("name").refuse("'" + all.back().name + "' is there twice");
    if (!keys.insert(all.back().key.fingerprint()).second) {
      entry.at("key").refuse("is the key of another entry too (" + all.back().key.fingerprint() + ")");
    }
  }
  std::ranges::sort(all, {}, &Signs::name);
  return all;
}

Relocation relocation(const Cursor& entry) {
  entry.only({"from", "to", "tags"});
  Relocation made{entry.at("from").string(kMaxPatternBytes), entry.at("to").string(kMaxPatternBytes), {}};
  const auto tags = entry.maybe("tags");
  if (!tags) return made;
  for (const auto& [origin, local] : tags->members(kMaxRelocatedTags))
    made.tags[origin] = local.string(kMaxPatternBytes);
  if (made.tags.empty()) tags->refuse("is empty; leave it out to keep all tags");
  return made;
}

std::vector<Relocation> relocations(const Cursor& list) {
  std::vector<Relocation> all;
  for (const Cursor& entry : list.array(kMaxStoreRelocations)) all.push_back(relocation(entry));
  std::ranges::sort(all, {}, [](const Relocation& each) { return std::tie(each.to, each.from); });
  at_place(list, [&] { check_relocations(all); });
  return all;
}

std::string hex_value(const Cursor& place) {
  const std::string& text = place.string();
  if (!base::is_hex(text, 64)) place.refuse("is not 64 lower-case hexadecimal digits");
  return text;
}

std::string authorities(const Cursor& place) {
  const std::string& pem = place.string(tuf::kMaxRootBytes);
  const auto certificates = at_place(place, [&] { return sign::Certificate::from_pem(pem); });
  if (certificates.empty()) place.refuse("holds no certificate");
  for (const auto& certificate : certificates) {
    if (!certificate.is_ca()) place.refuse("holds a certificate that is not of a certificate authority");
  }
  return pem;
}

/// The root file itself is judged by the dialect that a chain is in; here it only has to look like metadata.
std::string root_text(const Cursor& place) {
  const std::string& text = place.string(tuf::kMaxRootBytes);
  at_place(place, [&] {
    const json::Value value = json::parse(base::as_bytes(text), {.bytes = tuf::kMaxRootBytes});
    const Cursor root(value, "root.json");
    root.at("signed").members();
    root.at("signatures").array(tuf::kMaxSignatures);
  });
  return text;
}

RootEntry root_entry(const Cursor& entry) {
  entry.only({"pattern", "keyId", "spki", "ca", "root"});
  RootEntry made;
  made.pattern = pattern(entry);
  unsigned pins = 0;
  const auto take = [&](std::string_view member, RootEntry::Kind kind, std::string (*read)(const Cursor&)) {
    const auto place = entry.maybe(member);
    if (!place) return;
    ++pins;
    made.kind = kind;
    made.value = read(*place);
  };
  take("keyId", RootEntry::Kind::key_id, hex_value);
  take("spki", RootEntry::Kind::spki, hex_value);
  take("ca", RootEntry::Kind::ca, authorities);
  take("root", RootEntry::Kind::root, root_text);
  if (pins != 1) entry.refuse("needs exactly one of keyId, spki, ca and root");
  return made;
}

std::vector<RootEntry> roots(const Cursor& list) {
  const auto key = [](const RootEntry& root) { return std::tie(root.pattern.text(), root.kind, root.value); };
  std::vector<RootEntry> all;
  for (const Cursor& entry : list.array(kMaxStoreRoots)) all.push_back(root_entry(entry));
  std::ranges::sort(all, {}, key);
  const auto twice = std::ranges::adjacent_find(all, {}, key);
  if (twice != all.end()) list.refuse("pins the same root of '" + twice->pattern.text() + "' twice");
  return all;
}

std::vector<std::string> signer_names(const Cursor& list, const TrustStore& store) {
  std::vector<std::string> names;
  for (const Cursor& entry : list.array(kMaxStoreSigners)) {
    names.push_back(entry.string(kMaxStoreNameBytes));
    if (store.find_signer(names.back()) == nullptr) {
      entry.refuse("'" + base::printable(names.back()) + "' is no signer of this store");
    }
  }
  if (names.empty()) list.refuse("is empty; leave it out to mean all signers");
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) list.refuse("names a signer twice");
  return names;
}

std::vector<std::string> role_names(const Cursor& list) {
  std::vector<std::string> names;
  for (const Cursor& entry : list.array(kMaxStoreRoles)) {
    names.push_back(plain_text(entry, tuf::kMaxRoleNameBytes));
    if (names.back() == "root" || names.back() == "snapshot" || names.back() == "timestamp") {
      entry.refuse("'" + names.back() + "' cannot vouch for an image");
    }
  }
  if (names.empty()) list.refuse("is empty; leave it out to mean any role");
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) list.refuse("names a role twice");
  return names;
}

std::int64_t max_age(const Cursor& place) {
  const std::int64_t seconds = at_place(place, [&] { return base::parse_duration(place.string(32)); });
  if (seconds == 0) place.refuse("is zero");
  return seconds;
}

Rule rule(const Cursor& entry, const TrustStore& store) {
  entry.only({"pattern", "chain", "deny", "signers", "threshold", "roles", "expiry", "maxAge"});
  Rule made;
  made.pattern = pattern(entry);
  made.chain_required = entry.at("chain").boolean();
  if (const auto place = entry.maybe("deny")) made.deny = plain_text(*place, kMaxReasonBytes);
  if (const auto place = entry.maybe("signers")) made.signers = signer_names(*place, store);
  if (const auto place = entry.maybe("roles")) made.roles = role_names(*place);
  if (const auto place = entry.maybe("maxAge")) made.max_age_seconds = max_age(*place);
  if (const auto place = entry.maybe("expiry")) {
    made.expiry = at_place(*place, [&] { return parse_expiry_rule(place->string(32)); });
  }
  if (const auto place = entry.maybe("threshold")) {
    made.threshold = threshold(*place);
    if (!made.signers.empty() && *made.threshold > made.signers.size()) {
      place->refuse("is " + std::to_string(*made.threshold) + " of " + std::to_string(made.signers.size()) +
                    " signers, which can never be met");
    }
  }
  if (!made.chain_required && !made.roles.empty()) entry.refuse("needs no chain and yet names roles of one");
  return made;
}

std::vector<Rule> rules(const Cursor& list, const TrustStore& store) {
  const auto key = [](const Rule& each) -> const std::string& { return each.pattern.text(); };
  std::vector<Rule> all;
  for (const Cursor& entry : list.array(kMaxStoreRules)) all.push_back(rule(entry, store));
  std::ranges::sort(all, {}, key);
  const auto twice = std::ranges::adjacent_find(all, {}, key);
  if (twice != all.end()) list.refuse("has two rules for '" + twice->pattern.text() + "'");
  return all;
}

void check_version(const Cursor& place) {
  const auto version = place.unsigned_integer();
  if (version == 0) place.refuse("is not a version");
  if (version != kStoreVersion) {
    throw Error(
        ErrorCode::unsupported,
        "trust store of version " + std::to_string(version) + ", this gapstow knows " + std::to_string(kStoreVersion),
        "use a newer gapstow");
  }
}

}  // namespace

TrustStore parse_store(base::ByteView text) {
  const json::Value value = json::parse(text, {.bytes = kMaxStoreBytes, .depth = 8});
  const Cursor file(value);
  check_version(file.at("gapstowTrust"));
  file.only({"gapstowTrust", "threshold", "signerTime", "signers", "roots", "rules", "operators", "relocations"});
  TrustStore store;
  store.threshold = threshold(file.at("threshold"));
  store.signer_time = file.at("signerTime").boolean();
  store.signers = each_once(file.at("signers"), kMaxStoreSigners, signer);
  store.roots = roots(file.at("roots"));
  store.rules = rules(file.at("rules"), store);
  if (const auto list = file.maybe("operators")) store.operators = each_once(*list, kMaxStoreOperators, site_operator);
  if (const auto list = file.maybe("relocations")) store.relocations = relocations(*list);
  return store;
}

}  // namespace gapstow::trust
