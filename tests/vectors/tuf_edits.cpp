#include "vectors/tuf_edits.h"

#include <stdexcept>

#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"

namespace gapstow::test {

using json::Array;
using json::Object;
using json::Value;

Path below(Path path, const std::string& name) {
  path.push_back(name);
  return path;
}

Spoil edit_body(std::function<void(Object&)> change) {
  return [=](VectorDraft& draft) { draft.draft().edit_body.push_back(change); };
}
Spoil edit_envelope(std::function<void(Object&)> change) {
  return [=](VectorDraft& draft) { draft.draft().edit_envelope.push_back(change); };
}
Spoil edit_text(std::function<void(std::string&)> change) {
  return [=](VectorDraft& draft) { draft.draft().edit_text.push_back(change); };
}
Spoil tamper(std::function<void(std::string&)> change) {
  return [=](VectorDraft& draft) { draft.draft().tamper.push_back(change); };
}

Spoil put(Path path, Value value) {
  return edit_body([=](Object& body) { set(body, path, value); });
}

Spoil replace(std::string from, std::string to) {
  return edit_text([=](std::string& text) {
    const auto at = text.find(from);
    if (at == std::string::npos) throw std::logic_error("nothing to replace: " + from);
    text.replace(at, from.size(), to);
  });
}

Spoil promise(std::function<void(Object&)> change) {
  return [=](VectorDraft& draft) {
    const Path entry{"meta", draft.forge().listed(draft.role)};
    draft.forge().holder(draft.role).edit_body.push_back([=](Object& body) {
      edit(body, entry, [&](Value& value) { change(*value.get_if<Object>()); });
    });
  };
}

Spoil mandate(std::string member, Value value) {
  return [=](VectorDraft& draft) {
    draft.mandate([=](Object& holder, const Path& role, const Path&) { set(holder, below(role, member), value); });
  };
}

Spoil signature(std::function<base::Bytes(VectorDraft&, base::Bytes)> change) {
  return [=](VectorDraft& draft) {
    auto* made = &draft;
    draft.draft().edit_envelope.push_back([=](Object& envelope) {
      edit(envelope, {"signatures", "0", "sig"}, [&](Value& value) {
        value = made->forge().text(change(*made, made->forge().bytes(*value.get_if<std::string>())));
      });
    });
  };
}

Spoil in_order(std::vector<Spoil> spoils) {
  return [=](VectorDraft& draft) {
    for (const auto& spoil : spoils) spoil(draft);
  };
}

Spoil by_dialect(Spoil notary, Spoil tuf) {
  return [=](VectorDraft& draft) { draft.is_notary() ? notary(draft) : tuf(draft); };
}

void appoint(VectorDraft& draft, const TestRole& role) {
  if (draft.role != "root") {
    draft.remake([&](Forge& forge) { forge.roles[draft.role] = role; });
    return;
  }
  auto roles = draft.forge().roles;
  roles.erase(draft.forge().delegated());
  const auto before = roles.at("root").keys;
  roles["root"] = role;
  std::vector<PublishedKey> also;
  for (const auto& key : before) {
    bool is_kept = false;
    for (const auto& kept : role.keys) is_kept = is_kept || kept.id == key.id;
    if (!is_kept) also.push_back(key);
  }
  draft.forge().add_root(2, roles, also);
}

const PublishedKey& role_key(VectorDraft& draft) { return draft.forge().roles.at(draft.role).keys.front(); }

void use_p256(VectorDraft& draft) {
  constexpr unsigned char kSpare = 0x21;
  if (draft.role != "root") appoint(draft, {{draft.forge().publish(p256_key(kSpare))}, 1});
}

PublishedKey republished(const Forge& forge, const TestKey& key, const std::string& type, base::ByteView value) {
  if (forge.is_notary()) return publish_as(key, type, value);
  PublishedKey made = publish_v1(key);
  made.type = type;
  made.value = type == "ed25519" ? base::hex(value) : std::string(base::as_text(value));
  made.id = digest::sha256(base::as_bytes(json::canonical(Value(v1_key_object(made))))).hex();
  return made;
}

Value signature_entry(const VectorDraft& draft, const std::string& key_id, const base::Bytes& value) {
  if (draft.vector.dialect == "notary-v1") {
    return Value(Object{{"keyid", Value(key_id)}, {"method", Value("eddsa")}, {"sig", Value(base::base64(value))}});
  }
  return Value(Object{{"keyid", Value(key_id)}, {"sig", Value(base::hex(value))}});
}

void add_signature(Object& envelope, Value entry) {
  edit(envelope, {"signatures"}, [&](Value& list) { list.get_if<Array>()->push_back(entry); });
}

}  // namespace gapstow::test
