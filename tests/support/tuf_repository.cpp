#include "support/tuf_repository.h"

#include <stdexcept>

#include "gapstow/json/write.h"

namespace gapstow::test {
namespace {

using json::Array;
using json::Object;
using json::Value;

/// The draft's edits applied, and signed. Not yet tampered with.
std::string serialized(const TestRepository& repository, const Draft& draft) {
  Object body = draft.body;
  for (const auto& change : draft.edit_body) change(body);
  const std::string canonical = json::canonical(Value(body));
  Array signatures;
  for (const auto& signer : draft.signers) signatures.push_back(repository.signature(signer, canonical));
  Object envelope{{"signatures", Value(signatures)}, {"signed", Value(body)}};
  for (const auto& change : draft.edit_envelope) change(envelope);
  std::string text = json::serialize(Value(envelope));
  for (const auto& change : draft.edit_text) change(text);
  return text;
}

base::Bytes tampered(const Draft& draft, std::string text) {
  for (const auto& change : draft.tamper) change(text);
  return draft.withheld ? base::Bytes{} : base::to_bytes(text);
}

Object role_object(const TestRole& role) {
  Array ids;
  for (const auto& key : role.keys) ids.emplace_back(key.id);
  return Object{{"keyids", Value(ids)}, {"threshold", Value(role.threshold)}};
}

void bump(Draft& draft) { draft.body.set("version", Value(version_of(draft) + 1)); }

}  // namespace

const base::Bytes& lasting_signature(const PublishedKey& signer, std::string_view method,
                                     const std::string& canonical) {
  struct Made {
    TestKey key;  // kept, so that no other key comes to its place
    base::Bytes signature;
  };
  static std::map<std::pair<const void*, std::string>, Made> all;
  const auto name = digest::sha256(base::as_bytes(std::string(method) + canonical)).hex();
  const auto [at, is_new] = all.try_emplace({signer.key.handle(), name}, Made{signer.key, {}});
  if (is_new) at->second.signature = signer.key.sign(method, base::as_bytes(canonical));
  return at->second.signature;
}

std::uint64_t version_of(const Draft& draft) {
  return static_cast<std::uint64_t>(*draft.body.find("version")->get_if<std::int64_t>());
}

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

std::string TestRepository::text_of(const Draft& draft) const { return serialized(*this, draft); }

Draft& TestRepository::draft(const std::string& role) {
  if (role == "root") return roots.rbegin()->second;
  if (role == "timestamp") return timestamp;
  if (role == "snapshot") return snapshot;
  return targets.at(role);
}

Draft& TestRepository::add_root(std::uint64_t version, const std::map<std::string, TestRole>& roles,
                                const std::vector<PublishedKey>& also) {
  Draft& draft = roots[version];
  draft.body = new_body("root", version);
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

Draft& TestRepository::add_targets(const std::string& role, std::uint64_t version,
                                   const std::vector<PublishedKey>& signers) {
  Draft& draft = targets[role];
  draft.body = new_body("targets", version);
  draft.signers = signers;
  return draft;
}

void TestRepository::add_delegation(const std::string& from, const std::string& to, const TestRole& by, Object role) {
  Object& body = targets.at(from).body;
  for (const auto& key : by.keys) set(body, {"delegations", "keys", key.id}, Value(key_object(key)));
  const Object mandate = role_object(by);
  for (const auto& [name, value] : mandate.members()) role.set(name, value);
  role.set("name", Value(to));
  edit(body, {"delegations", "roles"}, [&](Value& roles) {
    if (roles.get_if<Array>() == nullptr) roles = Value(Array{});
    roles.get_if<Array>()->emplace_back(role);
  });
}

void TestRepository::put(const std::string& role, const std::string& name, const std::string& content) {
  const Object entry{
      {"hashes", Value(Object{{"sha256", Value(encoded(digest::sha256(base::as_bytes(content)).value()))}})},
      {"length", Value(static_cast<std::uint64_t>(content.size()))}};
  set(targets.at(role).body, {"targets", name}, Value(entry));
}

void TestRepository::finish(std::uint64_t version, const std::vector<PublishedKey>& snapshot_keys,
                            const std::vector<PublishedKey>& timestamp_keys) {
  snapshot.body = new_body("snapshot", version);
  snapshot.body.set("meta", Value(Object{}));
  snapshot.signers = snapshot_keys;
  timestamp.body = new_body("timestamp", version);
  timestamp.body.set("meta", Value(Object{}));
  timestamp.signers = timestamp_keys;
}

void TestRepository::publish_again(const std::string& role) {
  if (targets.contains(role)) bump(targets.at(role));
  if (role != "timestamp") bump(snapshot);
  bump(timestamp);
}

void TestRepository::publish_next() {
  const auto files = build();
  before = {{"root", std::string(base::as_text(files.roots.rbegin()->second))},
            {"timestamp", std::string(base::as_text(files.timestamp))},
            {"snapshot", std::string(base::as_text(files.snapshot))}};
  for (const auto& [role, raw] : files.targets) before[role] = base::as_text(raw);
  add_root(roots.rbegin()->first + 1, top_roles());
  put("targets", "next", "two");
  put(delegated(), delegated_target(), "two");
  bump(targets.at(delegated()));
  publish_again("targets");
}

tuf::ChainFiles TestRepository::build() const {
  tuf::ChainFiles files;
  Draft list = snapshot;
  for (const auto& [version, draft] : roots) {
    const std::string text = text_of(draft);
    if (lists_root()) set(list.body, {"meta", listed_name("root")}, listing(draft, text));
    if (!draft.withheld) files.roots[version] = tampered(draft, text);
  }
  for (const auto& [role, draft] : targets) {
    const std::string text = text_of(draft);
    set(list.body, {"meta", listed_name(role)}, listing(draft, text));
    if (!draft.withheld) files.targets[role] = tampered(draft, text);
  }
  const std::string snapshot_text = text_of(list);
  files.snapshot = tampered(list, snapshot_text);
  Draft head = timestamp;
  set(head.body, {"meta", listed_name("snapshot")}, listing(snapshot, snapshot_text));
  files.timestamp = tampered(head, text_of(head));
  return files;
}

tuf::RootPin TestRepository::pin() const { return tuf::KeyIdPin{roots.begin()->second.signers.front().id}; }

std::map<std::string, TestRole> TestRepository::top_roles() const {
  std::map<std::string, TestRole> roles;
  for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) roles[role] = {{keys.at(role)}, 1};
  return roles;
}

}  // namespace gapstow::test
