// Spoilings of what targets and delegations say, and of keys and signatures of further kinds.
#include <array>
#include <memory>

#include "gapstow/json/write.h"
#include "support/spoiling_means.h"

namespace gapstow::test {
namespace {

using namespace spoil;

bool has_targets(const TestRepository& repository, const std::string& role) {
  return repository.targets.contains(role);
}

bool is_root(const TestRepository&, const std::string& role) { return role == "root"; }

/// A member of the target that the newer publication has added to the role.
Apply target(std::string member, Value value) {
  return [=](TestRepository& repository, const std::string& role) {
    const std::string name = is_delegation(repository, role) ? repository.delegated_target() : "next";
    body([=](Object& o) { set(o, {"targets", name, member}, value); })(repository, role);
  };
}

Apply delegation(std::function<void(Object&)> change) {
  return mandate(
      [=](const Mandate& at) { edit(at.holder, at.role, [&](Value& entry) { change(*entry.get_if<Object>()); }); });
}

Apply delegation(std::string member, Value value) {
  return delegation([=](Object& entry) { entry.set(member, value); });
}

void delegate_twice(TestRepository& repository, const std::string&) {
  repository.draft("targets").edit_body.push_back([](Object& o) {
    edit(o, {"delegations", "roles"}, [](Value& roles) {
      auto& items = *roles.get_if<Array>();
      items.push_back(Value(items.front()));
    });
  });
}

Apply delegations(std::string member, Value value) {
  return [=](TestRepository& repository, const std::string&) {
    repository.draft("targets").edit_body.push_back([=](Object& o) { set(o, {"delegations", member}, value); });
  };
}

bool is_bare_notary(const TestRepository& repository, const std::string& role) {
  return is_notary(repository, role) && role != "root";
}

bool is_not_notary_root(const TestRepository& repository, const std::string& role) {
  return is_v1(repository, role) || role != "root";
}

Apply bare_key(TestKind kind) {
  return new_key([=](TestRepository& r) { return r.published(TestKey::generate(kind)); });
}

/// An RSA key that signs by PKCS #1 v1.5; a method, where there is one, says so.
void sign_by_pkcs1(TestRepository& repository, const std::string& role) {
  const TestKey key = TestKey::shared_rsa();
  const auto form = std::shared_ptr<TestRepository>(repository.clone());
  new_key([=](TestRepository& r) { return r.published(key); })(repository, role);
  repository.draft(role).edit_envelope.push_back([=](Object& o) {
    const std::string canonical = json::canonical(*o.find("signed"));
    edit(o, {"signatures"}, [&](Value& list) {
      Object& last = *list.get_if<Array>()->back().get_if<Object>();
      last.set("sig", Value(form->encoded(key.sign("rsapkcs1v15", base::as_bytes(canonical)))));
      if (last.find("method") != nullptr) last.set("method", "rsapkcs1v15");
    });
  });
}

/// The order of the group, little-endian.
constexpr std::array<unsigned char, 32> kEd25519Order{0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7,
                                                      0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                                      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};

void add_order_to_s(base::Bytes& signature) {
  unsigned carry = 0;
  for (std::size_t i = 0; i < kEd25519Order.size(); ++i) {
    const unsigned sum = std::to_integer<unsigned>(signature[32 + i]) + kEd25519Order[i] + carry;
    signature[32 + i] = static_cast<std::byte>(sum & 0xFF);
    carry = sum >> 8;
  }
}

std::vector<Spoiling> delegation_spoilings() {
  return {
      {"paths null", delegation("paths", Value()), is_delegation},
      {"paths a text", delegation("paths", "*"), is_delegation},
      {"paths of other targets", delegation("paths", Value(Array{Value("elsewhere/")})), is_delegation},
      {"no paths", delegation([](Object& entry) { erase(entry, {"paths"}); }), is_delegation},
      {"delegated twice", delegate_twice, is_delegation},
      {"delegated under another name", delegation("name", "targets/other"), is_delegation},
      {"delegated under a path upwards", delegation("name", "targets/../releases"), is_delegation},
      {"delegated as a top role", delegation("name", "snapshot"), is_delegation},
      {"name of a delegation null", delegation("name", Value()), is_delegation},
      {"delegations without roles", delegations("roles", Value()), is_delegation},
      {"delegations to an object", delegations("roles", Value(Object{})), is_delegation},
  };
}

std::vector<Spoiling> target_spoilings() {
  return {
      {"targets null", put("targets", Value()), has_targets},
      {"targets missing", without({"targets"}), has_targets},
      {"targets an array", put("targets", Value(Array{})), has_targets},
      {"length of a target negative", target("length", -1), has_targets},
      {"length of a target a text", target("length", "3"), has_targets},
      {"hashes of a target empty", target("hashes", Value(Object{})), has_targets},
      {"hashes of a target null", target("hashes", Value()), has_targets},
      {"only an unknown hash of a target", target("hashes", Value(Object{{"blake3", Value("AAAA")}})), has_targets},
      {"custom data of a target", target("custom", Value(Array{Value("any"), Value()})), has_targets},
  };
}

}  // namespace

std::vector<Spoiling> contents_spoilings() {
  std::vector<Spoiling> all{
      {"consistent_snapshot a text", put("consistent_snapshot", "true"), is_root},
      {"Ed25519 with the order added to s", signature_bytes(add_order_to_s), is_ed25519},
      {"P-384 key", bare_key(TestKind::p384), is_not_notary_root},
      {"P-521 key", bare_key(TestKind::p521), is_bare_notary},
      {"P-224 key", bare_key(TestKind::p224), is_bare_notary},
      {"RSA key that signs by PKCS #1 v1.5", sign_by_pkcs1, is_not_notary_root},
  };
  for (const auto& group : {delegation_spoilings(), target_spoilings()})
    all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace gapstow::test
