#include "support/tuf_repository.h"

#include <stdexcept>

#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"

namespace gapstow::test {
namespace {

using json::Array;
using json::Object;
using json::Value;

std::string type_of(const TestKey& key) {
  if (key.kind() == TestKind::ed25519) return "ed25519";
  return key.method() == "rsapss" ? "rsa" : "ecdsa";
}

Object key_object(const PublishedKey& key) {
  return Object{{"keytype", Value(key.type)},
                {"keyval", Value(Object{{"private", Value()}, {"public", Value(key.value)}})}};
}

PublishedKey published(const TestKey& key, std::string type, base::ByteView value) {
  PublishedKey made{key, std::move(type), base::base64(value), {}};
  made.id = digest::sha256(base::as_bytes(json::canonical(Value(key_object(made))))).hex();
  return made;
}

Object role_object(const TestRole& role) {
  Array ids;
  for (const auto& key : role.keys) ids.emplace_back(key.id);
  return Object{{"keyids", Value(ids)}, {"threshold", Value(role.threshold)}};
}

Object body_of(const char* type, std::uint64_t version) {
  return Object{{"_type", Value(type)}, {"expires", Value("2099-01-02T03:04:05.678Z")}, {"version", Value(version)}};
}

Value notary_signature(const PublishedKey& signer, const std::string& canonical) {
  const auto& signature = lasting_signature(signer, signer.key.method(), canonical);
  return Value(Object{
      {"keyid", Value(signer.id)}, {"method", Value(signer.key.method())}, {"sig", Value(base::base64(signature))}});
}

std::string serialized(const Draft& draft) { return test::serialized(draft, notary_signature); }

}  // namespace

const base::Bytes& lasting_signature(const PublishedKey& signer, std::string_view method,
                                     const std::string& canonical) {
  static std::map<std::string, base::Bytes> made;
  auto& signature = made[digest::sha256(base::as_bytes(signer.id + std::string(method) + canonical)).hex()];
  if (signature.empty()) signature = signer.key.sign(method, base::as_bytes(canonical));
  return signature;
}

std::string serialized(const Draft& draft, const SignatureEntry& entry) {
  Object body = draft.body;
  for (const auto& change : draft.edit_body) change(body);
  const std::string canonical = json::canonical(Value(body));
  Array signatures;
  for (const auto& signer : draft.signers) signatures.push_back(entry(signer, canonical));
  Object envelope{{"signatures", Value(signatures)}, {"signed", Value(body)}};
  for (const auto& change : draft.edit_envelope) change(envelope);
  std::string text = json::serialize(Value(envelope));
  for (const auto& change : draft.edit_text) change(text);
  return text;
}

base::Bytes tampered(const Draft& draft, std::string text) {
  for (const auto& change : draft.tamper) change(text);
  return base::to_bytes(text);
}

PublishedKey publish(const TestKey& key) {
  return published(key, type_of(key), key.kind() == TestKind::ed25519 ? key.raw_public() : key.spki());
}

PublishedKey publish_as(const TestKey& key, const std::string& type, base::ByteView value) {
  return published(key, type, value);
}

PublishedKey publish_x509(const TestKey& key, const std::string& pem) {
  return published(key, type_of(key) + "-x509", base::as_bytes(pem));
}

PublishedKey make_root_key(const std::string& gun) {
  const auto key = TestKey::generate(TestKind::p256);
  return publish_x509(key, make_certificate(key, {.common_name = gun}));
}

PublishedKey make_ed25519_key() { return publish(TestKey::generate(TestKind::ed25519)); }

void edit(Object& object, const std::vector<std::string>& path, const std::function<void(Value&)>& change) {
  const Value* found = object.find(path.front());
  Value child = found != nullptr ? *found : Value(Object{});
  if (path.size() == 1) {
    change(child);
  } else if (auto* items = child.get_if<Array>()) {
    Object one{{"item", items->at(std::stoul(path[1]))}};
    std::vector<std::string> rest(path.begin() + 1, path.end());
    rest.front() = "item";
    edit(one, rest, change);
    items->at(std::stoul(path[1])) = *one.find("item");
  } else {
    if (child.get_if<Object>() == nullptr) child = Value(Object{});
    edit(*child.get_if<Object>(), {path.begin() + 1, path.end()}, change);
  }
  object.set(path.front(), std::move(child));
}

void set(Object& object, const std::vector<std::string>& path, Value value) {
  edit(object, path, [&](Value& old) { old = value; });
}

void erase(Object& object, const std::vector<std::string>& path) {
  const auto remove = [&](Object& from) {
    std::vector<Object::Member> members;
    for (const auto& member : from.members()) {
      if (member.first != path.back()) members.push_back(member);
    }
    if (!Object::from_members(std::move(members), from)) throw std::logic_error("members");
  };
  if (path.size() == 1) return remove(object);
  edit(object, {path.begin(), path.end() - 1}, [&](Value& parent) { remove(*parent.get_if<Object>()); });
}

Object meta_of(base::ByteView raw) {
  return Object{{"hashes", Value(Object{{"sha256", Value(base::base64(digest::sha256(raw).value()))},
                                        {"sha512", Value(base::base64(digest::sha512(raw).value()))}})},
                {"length", Value(static_cast<std::uint64_t>(raw.size()))}};
}

Draft& NotaryRepository::add_root(std::uint64_t version, const std::map<std::string, TestRole>& roles,
                                  const std::vector<PublishedKey>& also) {
  Draft& draft = roots[version];
  draft.body = body_of("Root", version);
  draft.body.set("consistent_snapshot", Value(false));
  Object key_map;
  Object role_map;
  for (const auto& [name, role] : roles) {
    for (const auto& key : role.keys) key_map.set(key.id, Value(key_object(key)));
    role_map.set(name, Value(role_object(role)));
  }
  draft.body.set("keys", Value(key_map));
  draft.body.set("roles", Value(role_map));
  draft.signers = roles.at("root").keys;
  draft.signers.insert(draft.signers.end(), also.begin(), also.end());
  return draft;
}

Draft& NotaryRepository::add_targets(const std::string& role, std::uint64_t version,
                                     const std::vector<PublishedKey>& signers) {
  Draft& draft = targets[role];
  draft.body = body_of("Targets", version);
  draft.body.set("targets", Value(Object{}));
  draft.body.set("delegations", Value(Object{{"keys", Value(Object{})}, {"roles", Value(Array{})}}));
  draft.signers = signers;
  return draft;
}

void NotaryRepository::delegate(const std::string& from, const std::string& to, const TestRole& by,
                                const std::vector<std::string>& paths) {
  Object& body = targets.at(from).body;
  for (const auto& key : by.keys) set(body, {"delegations", "keys", key.id}, Value(key_object(key)));
  Object role = role_object(by);
  role.set("name", Value(to));
  Array prefixes;
  for (const auto& path : paths) prefixes.emplace_back(path);
  if (!paths.empty()) role.set("paths", Value(prefixes));
  edit(body, {"delegations", "roles"}, [&](Value& roles) { roles.get_if<Array>()->emplace_back(role); });
}

void NotaryRepository::put(const std::string& role, const std::string& name, const std::string& content) {
  Object meta = meta_of(base::as_bytes(content));
  erase(meta, {"hashes", "sha512"});
  set(targets.at(role).body, {"targets", name}, Value(meta));
}

void NotaryRepository::finish(std::uint64_t version, const std::vector<PublishedKey>& snapshot_keys,
                              const std::vector<PublishedKey>& timestamp_keys) {
  snapshot.body = body_of("Snapshot", version);
  snapshot.body.set("meta", Value(Object{}));
  snapshot.signers = snapshot_keys;
  timestamp.body = body_of("Timestamp", version);
  timestamp.body.set("meta", Value(Object{}));
  timestamp.signers = timestamp_keys;
}

tuf::ChainFiles NotaryRepository::build() const {
  tuf::ChainFiles files;
  Draft listing = snapshot;
  for (const auto& [version, draft] : roots) {
    const std::string text = serialized(draft);
    set(listing.body, {"meta", "root"}, Value(meta_of(base::as_bytes(text))));
    files.roots[version] = tampered(draft, text);
  }
  for (const auto& [role, draft] : targets) {
    const std::string text = serialized(draft);
    set(listing.body, {"meta", role}, Value(meta_of(base::as_bytes(text))));
    files.targets[role] = tampered(draft, text);
  }
  const std::string snapshot_text = serialized(listing);
  files.snapshot = tampered(listing, snapshot_text);
  Draft head = timestamp;
  set(head.body, {"meta", "snapshot"}, Value(meta_of(base::as_bytes(snapshot_text))));
  files.timestamp = tampered(head, serialized(head));
  return files;
}

Draft& TestRepository::draft(const std::string& role) {
  if (role == "root") return roots.rbegin()->second;
  if (role == "timestamp") return timestamp;
  if (role == "snapshot") return snapshot;
  return targets.at(role);
}

tuf::RootPin NotaryRepository::pin() const { return tuf::KeyIdPin{roots.begin()->second.signers.front().id}; }

NotaryRepository NotaryRepository::standard(const std::string& gun) {
  NotaryRepository made(gun);
  made.keys.emplace("root", make_root_key(gun));
  made.keys.emplace("timestamp", make_ed25519_key());
  made.keys.emplace("snapshot", make_ed25519_key());
  made.keys.emplace("targets", publish(TestKey::generate(TestKind::p256)));
  made.keys.emplace("delegation", publish(TestKey::generate(TestKind::p256)));
  made.keys.emplace("stranger", make_ed25519_key());
  std::map<std::string, TestRole> roles;
  for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) roles[role] = {{made.keys.at(role)}, 1};
  made.add_root(1, roles);
  made.add_root(2, roles);
  made.add_targets("targets", 3, {made.keys.at("targets")});
  for (const auto* role : {"targets/releases", "targets/alice"}) {
    made.delegate("targets", role, {{made.keys.at("delegation")}, 1}, {""});
    made.add_targets(role, 4, {made.keys.at("delegation")});
    made.put(role, "1.0", "one");
  }
  made.put("targets/releases", "1.1", "one and one");
  made.put("targets/alice", "draft", "not released");
  made.put("targets", "base", "by the owner");
  made.put("targets", "1.1", "another one and one");
  made.finish(5, {made.keys.at("snapshot")}, {made.keys.at("timestamp")});
  return made;
}

}  // namespace gapstow::test
