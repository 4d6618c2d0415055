// The dialect of TUF 1.0 as tests write it.
#include "support/tuf_v1_repository.h"

#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::test {
namespace {

using json::Array;
using json::Object;
using json::Value;

std::string scheme_of(const TestKey& key) {
  if (key.kind() == TestKind::ed25519) return "ed25519";
  if (key.method() == "rsapss") return "rsassa-pss-sha256";
  return key.kind() == TestKind::p384 ? "ecdsa-sha2-nistp384" : "ecdsa-sha2-nistp256";
}

std::string_view method_of(const TestKey& key) {
  if (key.method() != "ecdsa") return key.method();
  return key.kind() == TestKind::p384 ? "ecdsa-der-384" : "ecdsa-der";
}

PublishedKey published(const TestKey& key, std::string type, std::string value) {
  PublishedKey made{key, std::move(type), std::move(value), {}};
  made.id = digest::sha256(base::as_bytes(json::canonical(Value(v1_key_object(made))))).hex();
  return made;
}

Array texts(const std::vector<std::string>& items) {
  Array array;
  for (const auto& item : items) array.emplace_back(item);
  return array;
}

}  // namespace

Object v1_key_object(const PublishedKey& key) {
  return Object{{"keytype", Value(key.type)},
                {"keyval", Value(Object{{"public", Value(key.value)}})},
                {"scheme", Value(scheme_of(key.key))}};
}

PublishedKey publish_v1(const TestKey& key) {
  if (key.kind() == TestKind::ed25519) return published(key, "ed25519", base::hex(key.raw_public()));
  return published(key, key.method() == "rsapss" ? "rsa" : "ecdsa", key.pem());
}

PublishedKey publish_v1_point(const TestKey& key) {
  const auto spki = key.spki();
  const std::size_t size = key.kind() == TestKind::p384 ? 97 : 65;
  return published(key, scheme_of(key), base::hex(base::ByteView(spki).last(size)));
}

const tuf::Dialect& TufRepository::dialect() const { return tuf::tuf_v1(); }

std::string TufRepository::encoded(base::ByteView bytes) const { return base::hex(bytes); }

base::Bytes TufRepository::decoded(const std::string& text) const { return base::from_hex(text); }

std::string_view TufRepository::signing_method(const TestKey& key) const { return method_of(key); }

Value TufRepository::signature(const PublishedKey& signer, const std::string& canonical) const {
  const auto& value = lasting_signature(signer, signing_method(signer.key), canonical);
  return Value(Object{{"keyid", Value(signer.id)}, {"sig", Value(encoded(value))}});
}

Object TufRepository::new_body(const std::string& type, std::uint64_t version) const {
  Object body{{"_type", Value(type)},
              {"expires", Value("2099-01-02T03:04:05Z")},
              {"spec_version", Value("1.0.34")},
              {"version", Value(version)}};
  if (type == "root") body.set("consistent_snapshot", Value(true));
  if (type == "targets") body.set("targets", Value(Object{}));
  return body;
}

Value TufRepository::listing(const Draft& draft, const std::string& text) const {
  Object meta{{"version", *draft.body.find("version")}};
  if (with_hashes) {
    const auto raw = base::as_bytes(text);
    meta.set("hashes",
             Value(Object{{"sha256", Value(digest::sha256(raw).hex())}, {"sha512", Value(digest::sha512(raw).hex())}}));
    meta.set("length", Value(static_cast<std::uint64_t>(text.size())));
  }
  return Value(meta);
}

void TufRepository::delegate(const std::string& from, const std::string& to, const TestRole& by,
                             const std::vector<std::string>& paths, bool terminating) {
  add_delegation(from, to, by, Object{{"terminating", Value(terminating)}, {"paths", Value(texts(paths))}});
}

void TufRepository::delegate_hashes(const std::string& from, const std::string& to, const TestRole& by,
                                    const std::vector<std::string>& prefixes) {
  add_delegation(from, to, by, Object{{"terminating", Value(false)}, {"path_hash_prefixes", Value(texts(prefixes))}});
}

void TufRepository::delegate_bins(const std::string& from, const std::string& prefix, unsigned bits,
                                  const TestRole& by) {
  Object key_map;
  Array ids;
  for (const auto& key : by.keys) {
    key_map.set(key.id, Value(v1_key_object(key)));
    ids.emplace_back(key.id);
  }
  const Object bins{{"keyids", Value(ids)},
                    {"threshold", Value(by.threshold)},
                    {"bit_length", Value(bits)},
                    {"name_prefix", Value(prefix)}};
  targets.at(from).body.set("delegations", Value(Object{{"keys", Value(key_map)}, {"succinct_roles", Value(bins)}}));
}

std::map<std::string, base::Bytes> TufRepository::served() const {
  const auto files = build();
  std::map<std::string, base::Bytes> served;
  for (const auto& [version, raw] : files.roots) served[std::to_string(version) + ".root.json"] = raw;
  if (!timestamp.withheld) served["timestamp.json"] = files.timestamp;
  if (!snapshot.withheld) served[std::to_string(version_of(snapshot)) + ".snapshot.json"] = files.snapshot;
  for (const auto& [role, raw] : files.targets) {
    served[std::to_string(version_of(targets.at(role))) + "." + role + ".json"] = raw;
  }
  return served;
}

TufRepository TufRepository::standard() {
  TufRepository made;
  const auto ed25519 = [] { return publish_v1(TestKey::generate(TestKind::ed25519)); };
  made.keys.emplace("root", publish_v1(TestKey::generate(TestKind::p256)));
  made.keys.emplace("timestamp", ed25519());
  made.keys.emplace("snapshot", ed25519());
  made.keys.emplace("targets", publish_v1(TestKey::generate(TestKind::p384)));
  made.keys.emplace("delegation", publish_v1(TestKey::generate(TestKind::p256)));
  made.keys.emplace("stranger", ed25519());
  made.add_root(1, made.top_roles());
  made.add_root(2, made.top_roles());
  made.add_targets("targets", 3, {made.keys.at("targets")});
  made.put("targets", "base", "by the owner");
  const TestRole delegate{{made.keys.at("delegation")}, 1};
  made.delegate("targets", "releases", delegate, {"app/*"}, true);
  made.delegate("targets", "alice", delegate, {"*", "app/*"});
  for (const auto* role : {"releases", "alice"}) made.add_targets(role, 4, {made.keys.at("delegation")});
  made.put("releases", "app/1.0", "one");
  made.put("alice", "app/1.0", "another one");
  made.put("alice", "app/draft", "not released");
  made.put("alice", "note", "a note");
  made.finish(5);
  return made;
}

}  // namespace gapstow::test
