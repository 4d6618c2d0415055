// Keys of Notary v1: kinds, IDs, certificates.
#include <algorithm>

#include "gapstow/base/checked.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/json/write.h"
#include "notary_v1.h"
#include "words.h"

namespace gapstow::tuf::notary {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kMaxKeyText = 256 * 1024;  ///< Notary's own cap for a key
constexpr std::size_t kMaxCertificates = 16;
constexpr std::size_t kMaxTypeName = 64;

bool is_rsa(const sign::PublicKey& key) { return key.type() == sign::KeyType::rsa; }
bool is_ed25519(const sign::PublicKey& key) { return key.type() == sign::KeyType::ed25519; }
bool is_ecdsa(const sign::PublicKey& key) { return !is_rsa(key) && !is_ed25519(key); }

[[noreturn]] void wrong_kind(std::string_view type, const sign::PublicKey& key) {
  throw Error(ErrorCode::role_invalid,
              "a key of type " + quoted(type) + " holds " + std::string(sign::name(key.type())));
}

Key from_certificates(std::string id, std::string_view type, base::ByteView pem) {
  auto certificates = sign::Certificate::from_pem(base::as_text(pem), kMaxCertificates);
  auto key = certificates.front().public_key();
  if (type == "ecdsa-x509" ? !is_ecdsa(key) : !is_rsa(key)) wrong_kind(type, key);
  return {std::move(id), std::move(key), std::move(certificates)};
}

Key from_bare(std::string id, std::string_view type, base::ByteView der) {
  auto key = type == "ed25519" ? sign::PublicKey::from_ed25519(der) : sign::PublicKey::from_spki_der(der);
  if ((type == "ecdsa" && !is_ecdsa(key)) || (type == "rsa" && !is_rsa(key))) wrong_kind(type, key);
  return {std::move(id), std::move(key), {}};
}

Key make_key(std::string id, const std::string& type, base::ByteView value) {
  if (type == "ecdsa-x509" || type == "rsa-x509") return from_certificates(std::move(id), type, value);
  if (type == "ecdsa" || type == "rsa" || type == "ed25519") return from_bare(std::move(id), type, value);
  throw Error(ErrorCode::unsupported, "key type " + quoted(type) + " is not known");
}

/// A key as it is published, its ID checked.
struct PublishedKey {
  std::string id;
  std::string type;
  std::string value;  ///< base64
};

PublishedKey read_key(const std::string& id, const json::Cursor& key) {
  key.no_case_variants({"keytype", "keyval"});
  const auto& type = key.at("keytype").string(kMaxTypeName);
  const auto keyval = key.at("keyval");
  keyval.no_case_variants({"private", "public"});
  const auto secret = keyval.maybe("private");
  if (secret && !secret->value().is_null()) secret->refuse("must be null in published metadata");
  const auto text = keyval.at("public");
  const auto& value = text.string(kMaxKeyText);
  if (key_id(type, value) != id) {
    throw Error(ErrorCode::role_invalid, "key " + short_id(id) + " is not the key of that ID");
  }
  return {id, type, value};
}

bool fits_gun(std::string_view common_name, std::string_view gun) {
  if (!common_name.ends_with('*')) return common_name == gun;
  return gun.starts_with(common_name.substr(0, common_name.size() - 1));
}

}  // namespace

std::string key_id(std::string_view type, std::string_view value) {
  const json::Value key(
      json::Object{{"keytype", json::Value(type)},
                   {"keyval", json::Value(json::Object{{"private", json::Value()}, {"public", json::Value(value)}})}});
  return digest::sha256(base::as_bytes(json::canonical(key))).hex();
}

KeyMap read_keys(const json::Cursor& keys, const std::set<std::string>& needed, const KeyMap& known) {
  if (const auto* object = keys.value().get_if<json::Object>())
    base::check_limit(object->size(), kMaxKeys, keys.path());
  std::vector<PublishedKey> published;
  for (const auto& [id, value] : keys.members()) published.push_back(read_key(id, value));
  KeyMap read;
  for (const auto& key : published) {
    if (!needed.contains(key.id)) continue;
    if (const auto same = known.find(key.id); same != known.end()) {
      read.insert(*same);
      continue;
    }
    base::with_context("key " + short_id(key.id),
                       [&] { read.emplace(key.id, make_key(key.id, key.type, base::from_base64(key.value))); });
  }
  return read;
}

std::string canonical_key_id(const Key& key) {
  if (key.certificates.empty()) return key.id;
  return key_id(is_rsa(key.key) ? "rsa" : "ecdsa", base::base64(key.key.spki_der()));
}

void check_root_key(const Key& key, const std::string& gun) {
  const std::string name = "root key " + short_id(key.id);
  if (key.certificates.empty()) throw Error(ErrorCode::role_invalid, name + " is no x509 key");
  const auto leaves = std::ranges::count_if(key.certificates, [](const auto& one) { return !one.is_ca(); });
  const auto& leaf = key.certificates.front();
  if (leaf.is_ca()) throw Error(ErrorCode::role_invalid, "first certificate of " + name + " is an authority's");
  if (leaves != 1) {
    throw Error(ErrorCode::role_invalid, name + " holds " + std::to_string(leaves) + " leaf certificates, not one");
  }
  if (leaf.has_weak_signature()) {
    throw Error(ErrorCode::role_invalid, "certificate of " + name + " is signed with a broken hash (SHA-1 or MD5)");
  }
  const auto common_name = base::with_context(name, [&] { return leaf.common_name(); });
  if (fits_gun(common_name, gun)) return;
  throw Error(ErrorCode::name_mismatch,
              "certificate of " + name + " is for " + quoted(common_name) + ", not for " + quoted(gun),
              "the chain of another repository proves nothing here; --gun names the repository that was signed");
}

}  // namespace gapstow::tuf::notary
