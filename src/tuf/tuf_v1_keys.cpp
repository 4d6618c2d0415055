// Keys of TUF 1.0: kinds, schemes and how public values are written.
#include <algorithm>
#include <array>
#include <optional>

#include "fields.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "tuf_v1.h"
#include "words.h"

namespace gapstow::tuf::v1 {
namespace {

using json::Cursor;
using sign::KeyType;
using sign::PublicKey;
using sign::Scheme;

constexpr std::size_t kMaxKeyText = 64 * 1024;

enum class Family { ed25519, ecdsa, rsa };

/// A scheme and the kind of key that signs by it.
struct KnownScheme {
  std::string_view name;
  Family family;
  KeyType type;
  Scheme scheme;
};
constexpr std::array kSchemes{
    KnownScheme{"ed25519", Family::ed25519, KeyType::ed25519, Scheme::ed25519},
    KnownScheme{"ecdsa-sha2-nistp256", Family::ecdsa, KeyType::ecdsa_p256, Scheme::ecdsa_sha256_der},
    KnownScheme{"ecdsa-sha2-nistp384", Family::ecdsa, KeyType::ecdsa_p384, Scheme::ecdsa_sha384_der},
    KnownScheme{"rsassa-pss-sha256", Family::rsa, KeyType::rsa, Scheme::rsa_pss_sha256_any_salt},
};

std::optional<Family> family_of(std::string_view type) {
  if (type == "ed25519") return Family::ed25519;
  if (type == "rsa") return Family::rsa;
  // Early repositories named the scheme where the type belongs.
  if (type == "ecdsa" || type == "ecdsa-sha2-nistp256" || type == "ecdsa-sha2-nistp384") return Family::ecdsa;
  return std::nullopt;
}

PublicKey read_public(const std::string& text, const KnownScheme& known) {
  if (known.family == Family::ed25519) return PublicKey::from_ed25519(base::from_hex(text));
  if (known.family == Family::ecdsa && text.find('-') == std::string::npos) {
    return PublicKey::from_ec_point(known.type, base::from_hex(text));
  }
  return PublicKey::from_pem(text);
}

/// Whether the ID is the hash of the key's canonical form: of the whole of it, or of what the specification names, with
/// the member that early repositories had or without. Whichever it is, no other key can have it.
bool has_own_id(const std::string& id, const Cursor& key) {
  const auto is_hash_of = [&](const json::Value& form) {
    return id == digest::sha256(base::as_bytes(json::canonical(form))).hex();
  };
  if (is_hash_of(key.value())) return true;
  json::Object form;
  for (const auto* member : {"keytype", "keyval", "scheme"}) form.set(member, key.at(member).value());
  if (is_hash_of(form)) return true;
  const auto algorithms = key.maybe("keyid_hash_algorithms");
  if (!algorithms) return false;
  form.set("keyid_hash_algorithms", algorithms->value());
  return is_hash_of(form);
}

/// The key, or nothing when its kind or scheme is not known.
std::optional<Key> read_key(const std::string& id, const Cursor& at) {
  at.no_case_variants({"keytype", "scheme", "keyval"});
  const auto& type = at.at("keytype").string(kMaxWord);
  const auto scheme_at = at.at("scheme");
  const auto& scheme = scheme_at.string(kMaxWord);
  const auto keyval = at.at("keyval");
  keyval.no_case_variants({"public"});
  const auto family = family_of(type);
  const auto* known = std::ranges::find(kSchemes, scheme, &KnownScheme::name);
  if (!family || known == kSchemes.end()) return std::nullopt;
  if (known->family != *family || (type.starts_with("ecdsa-") && type != scheme)) {
    invalid(scheme_at, "scheme " + quoted(scheme) + " does not fit a key of type " + quoted(type));
  }
  const auto& text = keyval.at("public").string(kMaxKeyText);
  auto key = read_public(text, *known);
  if (key.type() != known->type) {
    invalid(scheme_at,
            "scheme " + quoted(scheme) + " does not fit the key, which is " + std::string(sign::name(key.type())));
  }
  return Key{id, std::move(key), {}, known->scheme, has_own_id(id, at)};
}

}  // namespace

KeyMap read_keys(const Cursor& keys, const std::set<std::string>& needed) {
  object_of(keys, kMaxKeys);
  KeyMap read;
  for (const auto& [id, value] : keys.members()) {
    if (!needed.contains(id)) continue;
    base::with_context("key " + short_id(id), [&, &name = id, &at = value] {
      if (auto key = read_key(name, at)) read.emplace(name, *std::move(key));
    });
  }
  return read;
}

}  // namespace gapstow::tuf::v1
