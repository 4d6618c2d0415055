#include "support/tuf_v1_repository.h"

#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"

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

Value v1_signature(const PublishedKey& signer, const std::string& canonical) {
  const auto& signature = lasting_signature(signer, method_of(signer.key), canonical);
  return Value(Object{{"keyid", Value(signer.id)}, {"sig", Value(base::hex(signature))}});
}

Object role_object(const TestRole& role) {
  Array ids;
  for (const auto& key : role.keys) ids.emplace_back(key.id);
  return Object{{"keyids", Value(ids)}, {"threshold", Value(role.threshold)}};
}

Object body_of(const char* type, std::uint64_t version) {
  return Object{{"_type", Value(type)},
                {"expires", Value("2099-01-02T03:04:05Z")},
                {"spec_version", Value("1.0.34")},
                {"version", Value(version)}};
}

Array texts(const std::vector<std::string>& items) {
  Array array;
  for (const auto& item : items) array.emplace_back(item);
  return array;
}

std::uint64_t version_of(const Draft& draft) {
  return static_cast<std::uint64_t>(*draft.body.find("version")->get_if<std::int64_t>());
}

void bump(Draft& draft) { draft.body.set("version", Value(version_of(draft) + 1)); }

Object hashes_of(base::ByteView raw) {
  return Object{{"sha256", Value(digest::sha256(raw).hex())}, {"sha512", Value(digest::sha512(raw).hex())}};
}

Value listing(const Draft& draft, const std::string& text, bool with_hashes) {
  Object meta{{"version", *draft.body.find("version")}};
  if (with_hashes) {
    meta.set("hashes", Value(hashes_of(base::as_bytes(text))));
    meta.set("length", Value(static_cast<std::uint64_t>(text.size())));
  }
  return Value(meta);
}

std::string v1_text(const Draft& draft) { return serialized(draft, v1_signature); }

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

Draft& TufRepository::add_root(std::uint64_t version, const std::map<std::string, TestRole>& roles,
                               const std::vector<PublishedKey>& also) {
  Draft& draft = roots[version];
  draft.body = body_of("root", version);
  draft.body.set("consistent_snapshot", Value(true));
  Object key_map;
  Object role_map;
  for (const auto& [name, role] : roles) {
    for (const auto& key : role.keys) key_map.set(key.id, Value(v1_key_object(key)));
    role_map.set(name, Value(role_object(role)));
  }
  draft.body.set("keys", Value(key_map));
  draft.body.set("roles", Value(role_map));
  draft.signers = roles.at("root").keys;
  draft.signers.insert(draft.signers.end(), also.begin(), also.end());
  return draft;
}

Draft& TufRepository::add_targets(const std::string& role, std::uint64_t version,
                                  const std::vector<PublishedKey>& signers) {
  Draft& draft = targets[role];
  draft.body = body_of("targets", version);
  draft.body.set("targets", Value(Object{}));
  draft.signers = signers;
  return draft;
}

namespace {

void add_delegation(Object& body, const std::string& to, const TestRole& by, Object role) {
  for (const auto& key : by.keys) set(body, {"delegations", "keys", key.id}, Value(v1_key_object(key)));
  role.set("name", Value(to));
  edit(body, {"delegations", "roles"}, [&](Value& roles) {
    if (roles.get_if<Array>() == nullptr) roles = Value(Array{});
    roles.get_if<Array>()->emplace_back(role);
  });
}

}  // namespace

void TufRepository::delegate(const std::string& from, const std::string& to, const TestRole& by,
                             const std::vector<std::string>& paths, bool terminating) {
  Object role = role_object(by);
  role.set("terminating", Value(terminating));
  role.set("paths", Value(texts(paths)));
  add_delegation(targets.at(from).body, to, by, std::move(role));
}

void TufRepository::delegate_hashes(const std::string& from, const std::string& to, const TestRole& by,
                                    const std::vector<std::string>& prefixes) {
  Object role = role_object(by);
  role.set("terminating", Value(false));
  role.set("path_hash_prefixes", Value(texts(prefixes)));
  add_delegation(targets.at(from).body, to, by, std::move(role));
}

void TufRepository::delegate_bins(const std::string& from, const std::string& prefix, unsigned bits,
                                  const TestRole& by) {
  Object& body = targets.at(from).body;
  Object bins = role_object(by);
  bins.set("bit_length", Value(bits));
  bins.set("name_prefix", Value(prefix));
  Object key_map;
  for (const auto& key : by.keys) key_map.set(key.id, Value(v1_key_object(key)));
  body.set("delegations", Value(Object{{"keys", Value(key_map)}, {"succinct_roles", Value(bins)}}));
}

void TufRepository::put(const std::string& role, const std::string& name, const std::string& content) {
  const Object entry{{"hashes", Value(Object{{"sha256", Value(digest::sha256(base::as_bytes(content)).hex())}})},
                     {"length", Value(static_cast<std::uint64_t>(content.size()))}};
  set(targets.at(role).body, {"targets", name}, Value(entry));
}

void TufRepository::finish(std::uint64_t version) {
  snapshot.body = body_of("snapshot", version);
  snapshot.body.set("meta", Value(Object{}));
  snapshot.signers = {keys.at("snapshot")};
  timestamp.body = body_of("timestamp", version);
  timestamp.body.set("meta", Value(Object{}));
  timestamp.signers = {keys.at("timestamp")};
}

void TufRepository::publish_again(const std::string& role) {
  if (targets.contains(role)) bump(targets.at(role));
  if (role != "timestamp") bump(snapshot);
  bump(timestamp);
}

tuf::ChainFiles TufRepository::build() const {
  tuf::ChainFiles files;
  for (const auto& [version, draft] : roots) files.roots[version] = tampered(draft, v1_text(draft));
  Draft list = snapshot;
  for (const auto& [role, draft] : targets) {
    const std::string text = v1_text(draft);
    set(list.body, {"meta", role + ".json"}, listing(draft, text, with_hashes));
    files.targets[role] = tampered(draft, text);
  }
  const std::string snapshot_text = v1_text(list);
  files.snapshot = tampered(list, snapshot_text);
  Draft head = timestamp;
  set(head.body, {"meta", "snapshot.json"}, listing(snapshot, snapshot_text, with_hashes));
  files.timestamp = tampered(head, v1_text(head));
  return files;
}

std::map<std::string, base::Bytes> TufRepository::served() const {
  const auto files = build();
  std::map<std::string, base::Bytes> served;
  for (const auto& [version, raw] : files.roots) served[std::to_string(version) + ".root.json"] = raw;
  served["timestamp.json"] = files.timestamp;
  served[std::to_string(version_of(snapshot)) + ".snapshot.json"] = files.snapshot;
  for (const auto& [role, raw] : files.targets) {
    served[std::to_string(version_of(targets.at(role))) + "." + role + ".json"] = raw;
  }
  return served;
}

tuf::RootPin TufRepository::pin() const { return tuf::KeyIdPin{roots.begin()->second.signers.front().id}; }

std::map<std::string, TestRole> TufRepository::top_roles() const {
  std::map<std::string, TestRole> roles;
  for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) roles[role] = {{keys.at(role)}, 1};
  return roles;
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
