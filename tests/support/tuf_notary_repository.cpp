// The dialect of Notary v1 as tests write it.
#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"
#include "gapstow/tuf/dialect.h"
#include "support/tuf_repository.h"

namespace gapstow::test {
namespace {

using json::Array;
using json::Object;
using json::Value;

std::string type_of(const TestKey& key) {
  if (key.kind() == TestKind::ed25519) return "ed25519";
  return key.method() == "rsapss" ? "rsa" : "ecdsa";
}

Object notary_key_object(const PublishedKey& key) {
  return Object{{"keytype", Value(key.type)},
                {"keyval", Value(Object{{"private", Value()}, {"public", Value(key.value)}})}};
}

PublishedKey published_as(const TestKey& key, std::string type, base::ByteView value) {
  PublishedKey made{key, std::move(type), base::base64(value), {}};
  made.id = digest::sha256(base::as_bytes(json::canonical(Value(notary_key_object(made))))).hex();
  return made;
}

}  // namespace

PublishedKey publish(const TestKey& key) {
  return published_as(key, type_of(key), key.kind() == TestKind::ed25519 ? key.raw_public() : key.spki());
}

PublishedKey publish_as(const TestKey& key, const std::string& type, base::ByteView value) {
  return published_as(key, type, value);
}

PublishedKey publish_x509(const TestKey& key, const std::string& pem) {
  return published_as(key, type_of(key) + "-x509", base::as_bytes(pem));
}

PublishedKey make_root_key(const std::string& gun) {
  const auto key = TestKey::generate(TestKind::p256);
  return publish_x509(key, make_certificate(key, {.common_name = gun}));
}

PublishedKey make_ed25519_key() { return publish(TestKey::generate(TestKind::ed25519)); }

Object meta_of(base::ByteView raw) {
  return Object{{"hashes", Value(Object{{"sha256", Value(base::base64(digest::sha256(raw).value()))},
                                        {"sha512", Value(base::base64(digest::sha512(raw).value()))}})},
                {"length", Value(static_cast<std::uint64_t>(raw.size()))}};
}

const tuf::Dialect& NotaryRepository::dialect() const { return tuf::notary_v1(); }

std::string NotaryRepository::encoded(base::ByteView bytes) const { return base::base64(bytes); }

base::Bytes NotaryRepository::decoded(const std::string& text) const { return base::from_base64(text); }

Object NotaryRepository::key_object(const PublishedKey& key) const { return notary_key_object(key); }

Value NotaryRepository::signature(const PublishedKey& signer, const std::string& canonical) const {
  const auto method = signing_method(signer.key);
  const auto& value = lasting_signature(signer, method, canonical);
  return Value(Object{{"keyid", Value(signer.id)}, {"method", Value(method)}, {"sig", Value(encoded(value))}});
}

Object NotaryRepository::new_body(const std::string& type, std::uint64_t version) const {
  std::string name = type;
  name.front() = static_cast<char>(name.front() - 'a' + 'A');
  Object body{{"_type", Value(name)}, {"expires", Value("2099-01-02T03:04:05.678Z")}, {"version", Value(version)}};
  if (type == "root") body.set("consistent_snapshot", Value(false));
  if (type == "targets") {
    body.set("targets", Value(Object{}));
    body.set("delegations", Value(Object{{"keys", Value(Object{})}, {"roles", Value(Array{})}}));
  }
  return body;
}

Value NotaryRepository::listing(const Draft&, const std::string& text) const {
  return Value(meta_of(base::as_bytes(text)));
}

void NotaryRepository::delegate(const std::string& from, const std::string& to, const TestRole& by,
                                const std::vector<std::string>& paths) {
  Object role;
  Array prefixes;
  for (const auto& path : paths) prefixes.emplace_back(path);
  if (!paths.empty()) role.set("paths", Value(prefixes));
  add_delegation(from, to, by, std::move(role));
}

NotaryRepository NotaryRepository::standard(const std::string& gun) {
  NotaryRepository made(gun);
  made.keys.emplace("root", make_root_key(gun));
  made.keys.emplace("timestamp", make_ed25519_key());
  made.keys.emplace("snapshot", make_ed25519_key());
  made.keys.emplace("targets", publish(TestKey::generate(TestKind::p256)));
  made.keys.emplace("delegation", publish(TestKey::generate(TestKind::p256)));
  made.keys.emplace("stranger", make_ed25519_key());
  made.add_root(1, made.top_roles());
  made.add_root(2, made.top_roles());
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
  made.finish(5);
  return made;
}

}  // namespace gapstow::test
