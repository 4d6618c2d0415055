// Spoilings of what the delegating file says of a role (who may sign it, how many must), and of its keys.
#include "gapstow/base/encoding.h"
#include "support/spoiling_means.h"

namespace gapstow::test {
namespace {

using namespace spoil;

const std::string kUnknown(64, 'b');

Apply key_ids(std::function<void(Array&)> change) {
  return mandate([=](const Mandate& at) {
    edit(at.holder, below(at.role, "keyids"), [&](Value& ids) { change(*ids.get_if<Array>()); });
  });
}

void list_twice(Array& ids) { ids.push_back(Value(ids.front())); }

void list_twice_for_two(const Mandate& at) {
  edit(at.holder, below(at.role, "keyids"), [](Value& ids) { list_twice(*ids.get_if<Array>()); });
  set(at.holder, below(at.role, "threshold"), 2);
}

/// The role's entry taken away.
void withdraw(const Mandate& at) {
  if (at.role.front() == "roles") return erase(at.holder, at.role);
  edit(at.holder, {"delegations", "roles"}, [](Value& roles) {
    auto& items = *roles.get_if<Array>();
    items.erase(items.begin());
  });
}

/// The key under an ID that is not its own.
void rename_key(const Mandate& at) {
  edit(at.holder, at.keys, [](Value& keys) {
    Object renamed;
    renamed.set(kUnknown, keys.get_if<Object>()->members().front().second);
    keys = Value(renamed);
  });
  set(at.holder, below(at.role, "keyids"), Value(Array{Value(kUnknown)}));
}

/// The role's key once more under another ID; both sign, and two must.
void one_key_as_two(TestRepository& repository, const std::string& role) {
  const auto& first = repository.keys.at(key_name(repository, role));
  PublishedKey second = first;
  if (is_v1(repository, role)) {
    second.id = kUnknown;
  } else if (role == "root" || first.type == "ecdsa") {
    second = publish_x509(first.key, make_certificate(first.key, {.common_name = repository.gun}));
  } else {
    second.id = kUnknown;  // there is no other way to write an Ed25519 key
  }
  const auto object = repository.key_object(second);
  mandate([=](const Mandate& at) {
    set(at.holder, below(at.keys, second.id), Value(object));
    edit(at.holder, below(at.role, "keyids"), [&](Value& ids) { ids.get_if<Array>()->emplace_back(second.id); });
    set(at.holder, below(at.role, "threshold"), 2);
  })(repository, role);
  repository.draft(role).signers.push_back(second);
}

/// Two keys, both of which must sign; one does.
void second_signature_missing(TestRepository& repository, const std::string& role) {
  const auto stranger = repository.keys.at("stranger");
  const auto object = repository.key_object(stranger);
  mandate([=](const Mandate& at) {
    set(at.holder, below(at.keys, stranger.id), Value(object));
    edit(at.holder, below(at.role, "keyids"), [&](Value& ids) { ids.get_if<Array>()->emplace_back(stranger.id); });
    set(at.holder, below(at.role, "threshold"), 2);
  })(repository, role);
}

void mandate_for_a_stranger(TestRepository& repository, const std::string& role) {
  const auto signers = repository.draft(role).signers;
  new_key([](TestRepository& r) { return r.keys.at("stranger"); })(repository, role);
  repository.draft(role).signers = signers;
}

bool is_root(const TestRepository&, const std::string& role) { return role == "root"; }

bool is_no_root(const TestRepository&, const std::string& role) { return role != "root"; }

Apply keyval(std::string member, Value value) {
  return key_object([=](Object& key) { set(key, {"keyval", member}, value); });
}

PublishedKey for_root(const TestRepository& repository, const TestKey& key) {
  return publish_x509(key, make_certificate(key, {.common_name = repository.gun}));
}

/// A root that takes over by itself.
void usurp(TestRepository& repository, const std::string& role) {
  new_key([](TestRepository& r) {
    const auto key = TestKey::generate(TestKind::p256);
    return is_notary(r, "root") ? for_root(r, key) : r.published(key);
  })(repository, role);
  auto& signers = repository.draft(role).signers;
  signers.erase(signers.begin());
}

/// A key of that kind signs the role from now on.
Apply key_of(TestKind kind) {
  return [=](TestRepository& repository, const std::string& role) {
    const bool certified = role == "root" && is_notary(repository, role);
    const auto key = kind == TestKind::rsa2048 ? TestKey::shared_rsa() : TestKey::generate(kind);
    new_key([=](TestRepository& r) { return certified ? for_root(r, key) : r.published(key); })(repository, role);
  };
}

Apply certificate_of(CertificateRecipe (*recipe)(const TestRepository&)) {
  return new_key([=](TestRepository& repository) {
    const auto& key = repository.keys.at("root").key;
    return publish_x509(key, make_certificate(key, recipe(repository)));
  });
}

bool is_notary_root(const TestRepository& repository, const std::string& role) {
  return role == "root" && is_notary(repository, role);
}

std::vector<Spoiling> certificate_spoilings() {
  return {
      {"certificate of another name",
       certificate_of([](const auto& r) { return CertificateRecipe{.common_name = r.gun + "2"}; }), is_notary_root},
      {"certificate of a wildcard that fits",
       certificate_of([](const auto&) { return CertificateRecipe{.common_name = "example.test/*"}; }), is_notary_root},
      {"certificate of a wildcard that does not fit",
       certificate_of([](const auto&) { return CertificateRecipe{.common_name = "example.com/*"}; }), is_notary_root},
      {"certificate of an authority",
       certificate_of([](const auto& r) { return CertificateRecipe{.common_name = r.gun, .is_ca = true}; }),
       is_notary_root},
      {"certificate signed by SHA-1",
       certificate_of([](const auto& r) { return CertificateRecipe{.common_name = r.gun, .sha1 = true}; }),
       is_notary_root},
      {"certificate lapsed", certificate_of([](const auto& r) {
         return CertificateRecipe{.common_name = r.gun, .not_after = "20210101000000Z"};
       }),
       is_notary_root},
      {"certificate of the future", certificate_of([](const auto& r) {
         return CertificateRecipe{.common_name = r.gun, .not_before = "20900101000000Z"};
       }),
       is_notary_root},
      {"root key without a certificate", new_key([](TestRepository& r) { return publish(r.keys.at("root").key); }),
       is_notary_root},
  };
}

}  // namespace

std::vector<Spoiling> mandate_spoilings() {
  return {
      {"threshold zero", mandate("threshold", 0)},
      {"threshold negative", mandate("threshold", -1)},
      {"threshold a text", mandate("threshold", "1")},
      {"threshold null", mandate("threshold", Value())},
      {"threshold missing", mandate([](const Mandate& at) {
         edit(at.holder, at.role, [](Value& role) { erase(*role.get_if<Object>(), {"threshold"}); });
       })},
      {"threshold 2^32", mandate("threshold", Value(std::int64_t{1} << 32))},
      {"threshold 2^32 + 1", mandate("threshold", Value((std::int64_t{1} << 32) + 1))},
      {"threshold above the number of keys", mandate("threshold", 2)},
      {"second signature missing", second_signature_missing},
      {"key listed twice", key_ids(list_twice)},
      {"key listed twice to meet a threshold", mandate(list_twice_for_two)},
      {"one key under two IDs to meet a threshold", one_key_as_two},
      {"key not defined", mandate("keyids", Value(Array{Value(kUnknown)}))},
      {"a further key not defined", key_ids([](Array& ids) { ids.emplace_back(kUnknown); })},
      {"no keys", mandate("keyids", Value(Array{}))},
      {"keys of the role null", mandate("keyids", Value())},
      {"a key ID null", key_ids([](Array& ids) { ids.emplace_back(); })},
      {"keys null", mandate([](const Mandate& at) { set(at.holder, at.keys, Value()); })},
      {"key under the ID of another", mandate(rename_key)},
      {"key of a stranger mandated", mandate_for_a_stranger},
      {"role not mandated", mandate(withdraw), is_no_root},
      {"mandate null", mandate([](const Mandate& at) { set(at.holder, at.role, Value()); })},
  };
}

std::vector<Spoiling> key_spoilings() {
  std::vector<Spoiling> all{
      {"key null", mandate([](const Mandate& at) {
         edit(at.holder, at.keys, [](Value& keys) {
           auto& object = *keys.get_if<Object>();
           const auto members = object.members();
           for (const auto& member : members) object.set(member.first, Value());
         });
       })},
      {"key type unknown", key_object([](Object& key) { key.set("keytype", "rot13"); })},
      {"key type null", key_object([](Object& key) { key.set("keytype", Value()); })},
      {"key type of another family", key_object([](Object& key) { key.set("keytype", "rsa"); })},
      {"public value empty", keyval("public", "")},
      {"public value null", keyval("public", Value())},
      {"public value cut", key_object([](Object& key) {
         edit(key, {"keyval", "public"}, [](Value& value) { value.get_if<std::string>()->resize(40); });
       })},
      {"key value null", key_object([](Object& key) { key.set("keyval", Value()); })},
      {"private value published", keyval("private", "AAAA"), is_notary},
      {"scheme unknown", key_object([](Object& key) { key.set("scheme", "rot13"); }), is_v1},
      {"scheme of another family", key_object([](Object& key) { key.set("scheme", "rsassa-pss-sha256"); }), is_v1},
      {"scheme missing", key_object([](Object& key) { erase(key, {"scheme"}); }), is_v1},
      {"scheme null", key_object([](Object& key) { key.set("scheme", Value()); }), is_v1},
      {"RSA key of 1024 bits", key_of(TestKind::rsa1024)},
      {"RSA key of 2048 bits", key_of(TestKind::rsa2048)},
      {"a new key", key_of(TestKind::p256)},
      {"a new root key that the old one did not sign for", usurp, is_root},
      {"Ed25519 key of 31 bytes", new_key([](TestRepository& r) {
         auto key = r.published(TestKey::generate(TestKind::ed25519));
         const auto value = base::Bytes(31, std::byte{7});
         if (is_v1(r, {})) return PublishedKey{key.key, key.type, r.encoded(value), key.id};
         return publish_as(key.key, "ed25519", value);
       })},
  };
  const auto certificates = certificate_spoilings();
  all.insert(all.end(), certificates.begin(), certificates.end());
  return all;
}

}  // namespace gapstow::test
