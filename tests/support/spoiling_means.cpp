#include "support/spoiling_means.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "gapstow/json/write.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::test::spoil {

Apply body(std::function<void(Object&)> change) {
  return
      [=](TestRepository& repository, const std::string& role) { repository.draft(role).edit_body.push_back(change); };
}

Apply put(std::string name, Value value) {
  return body([=](Object& object) { object.set(name, value); });
}

Apply without(Path path) {
  return body([=](Object& object) { erase(object, path); });
}

Apply envelope(std::function<void(Object&)> change) {
  return [=](TestRepository& repository, const std::string& role) {
    repository.draft(role).edit_envelope.push_back(change);
  };
}

Apply text(std::function<void(std::string&)> change) {
  return
      [=](TestRepository& repository, const std::string& role) { repository.draft(role).edit_text.push_back(change); };
}

Apply replace(std::string from, std::string to) {
  return text([=](std::string& all) {
    const auto at = all.find(from);
    if (at == std::string::npos) throw std::logic_error("nothing to replace: " + from);
    all.replace(at, from.size(), to);
  });
}

Apply tamper(std::function<void(std::string&)> change) {
  return [=](TestRepository& repository, const std::string& role) { repository.draft(role).tamper.push_back(change); };
}

Apply changed_signature(std::string member, std::function<Value(const Value&)> change) {
  return envelope(
      [=](Object& object) { edit(object, {"signatures", "0", member}, [&](Value& value) { value = change(value); }); });
}

Apply signature(std::string member, Value value) {
  return changed_signature(std::move(member), [=](const Value&) { return value; });
}

Apply signature_bytes(std::function<void(base::Bytes&)> change) {
  return [=](TestRepository& repository, const std::string& role) {
    const auto form = std::shared_ptr<TestRepository>(repository.clone());
    repository.draft(role).edit_envelope.push_back([=](Object& object) {
      edit(object, {"signatures", "0", "sig"}, [&](Value& value) {
        auto bytes = form->decoded(*value.get_if<std::string>());
        change(bytes);
        value = Value(form->encoded(bytes));
      });
    });
  };
}

Apply another_signature(Value value) {
  return envelope([=](Object& object) {
    edit(object, {"signatures"}, [&](Value& list) { list.get_if<Array>()->push_back(value); });
  });
}

Apply mandate(std::function<void(const Mandate&)> change) {
  return [=](TestRepository& repository, const std::string& role) {
    const bool delegated = is_delegation(repository, role);
    repository.draft(delegated ? "targets" : "root").edit_body.push_back([=](Object& holder) {
      if (delegated) return change({holder, {"delegations", "roles", "0"}, {"delegations", "keys"}});
      change({holder, {"roles", role}, {"keys"}});
    });
  };
}

Apply mandate(std::string member, Value value) {
  return mandate([=](const Mandate& at) { set(at.holder, below(at.role, member), value); });
}

Path below(Path path, const std::string& name) {
  path.push_back(name);
  return path;
}

std::string key_name(const TestRepository& repository, const std::string& role) {
  return is_delegation(repository, role) ? "delegation" : role;
}

namespace {

/// The role is signed by this key from now on, which is published as `object`; a root by the key before as well.
void install(TestRepository& repository, const std::string& role, const PublishedKey& key, const Object& object) {
  mandate([=](const Mandate& at) {
    set(at.holder, below(at.keys, key.id), Value(object));
    set(at.holder, below(at.role, "keyids"), Value(Array{Value(key.id)}));
  })(repository, role);
  auto& signers = repository.draft(role).signers;
  if (role != "root" || signers.front().id == key.id) signers.clear();
  signers.push_back(key);
}

/// In Notary a key's ID follows from what is published; the private part counts as null.
std::string id_of(Object key) {
  set(key, {"keyval", "private"}, Value());
  return digest::sha256(base::as_bytes(json::canonical(Value(key)))).hex();
}

}  // namespace

Apply key_object(std::function<void(Object&)> change) {
  return [=](TestRepository& repository, const std::string& role) {
    auto key = repository.keys.at(key_name(repository, role));
    auto object = repository.key_object(key);
    change(object);
    const bool has_value = object.find("keyval")->get_if<Object>() != nullptr;
    if (is_notary(repository, role) && has_value) key.id = id_of(object);
    install(repository, role, key, object);
  };
}

Apply new_key(std::function<PublishedKey(TestRepository&)> make) {
  return [=](TestRepository& repository, const std::string& role) {
    const auto key = make(repository);
    install(repository, role, key, repository.key_object(key));
  };
}

Apply promise(std::function<void(Object&)> change) {
  return [=](TestRepository& repository, const std::string& role) {
    auto& holder = role == "snapshot" ? repository.timestamp : repository.snapshot;
    const std::string name = repository.listed_name(role);
    holder.edit_body.push_back(
        [=](Object& object) { edit(object, {"meta", name}, [&](Value& entry) { change(*entry.get_if<Object>()); }); });
  };
}

Apply promise(Path member, Value value) {
  return promise([=](Object& entry) { set(entry, member, value); });
}

Apply unpromise(Path member) {
  return promise([=](Object& entry) { erase(entry, member); });
}

Apply promised_hash(std::string name, std::function<std::string(const TestRepository&)> value) {
  return [=](TestRepository& repository, const std::string& role) {
    promise({"hashes", name}, Value(value(repository)))(repository, role);
  };
}

void unlist(TestRepository& repository, const std::string& role) {
  auto& holder = role == "snapshot" ? repository.timestamp : repository.snapshot;
  const std::string name = repository.listed_name(role);
  holder.edit_body.push_back([=](Object& object) { erase(object, {"meta", name}); });
}

bool is_notary(const TestRepository& repository, const std::string&) {
  return repository.dialect().name() == tuf::notary_v1().name();
}

bool is_v1(const TestRepository& repository, const std::string& role) { return !is_notary(repository, role); }

bool is_listed(const TestRepository& repository, const std::string& role) {
  return role != "timestamp" && (role != "root" || repository.lists_root());
}

bool is_delegation(const TestRepository& repository, const std::string& role) { return role == repository.delegated(); }

bool is_ed25519(const TestRepository& repository, const std::string& role) {
  return repository.keys.at(key_name(repository, role)).key.kind() == TestKind::ed25519;
}

bool is_ecdsa(const TestRepository& repository, const std::string& role) { return !is_ed25519(repository, role); }

}  // namespace gapstow::test::spoil
