#include "vectors/tuf_forge.h"

#include <stdexcept>

#include "gapstow/base/encoding.h"

namespace gapstow::test {
namespace {

using json::Object;
using json::Value;

constexpr std::uint64_t kTargetsVersion = 3;
constexpr std::uint64_t kDelegatedVersion = 4;
constexpr std::uint64_t kSnapshotVersion = 5;

/// Numbers of the keys of the standard repository.
constexpr unsigned char kRootKey = 0x11;
constexpr unsigned char kTimestampKey = 0x12;
constexpr unsigned char kSnapshotKey = 0x13;
constexpr unsigned char kTargetsKey = 0x14;
constexpr unsigned char kDelegatedKey = 0x15;

std::map<std::string, TestRole> top_roles(const Forge& forge) {
  auto roles = forge.roles;
  roles.erase(forge.delegated());
  return roles;
}

/// One hash of each file will do.
void drop_sha512(Object& body) {
  edit(body, {"meta"}, [](Value& meta) {
    Object entries;
    for (const auto& [file, entry] : meta.get_if<Object>()->members()) {
      Object promised = *entry.get_if<Object>();
      if (promised.find("hashes") != nullptr) erase(promised, {"hashes", "sha512"});
      entries.set(file, Value(promised));
    }
    meta = Value(entries);
  });
}

void fill(Forge& forge, const std::vector<std::string>& paths) {
  for (std::uint64_t version = 1; version <= forge.root_versions; ++version) {
    forge.add_root(version, top_roles(forge));
  }
  forge.add_targets("targets", kTargetsVersion, forge.roles.at("targets").keys);
  forge.put("targets", "app/base", "by the owner");
  if (!forge.with_delegation) return;
  const std::string role = forge.delegated();
  forge.delegate("targets", role, forge.roles.at(role), paths);
  forge.add_targets(role, kDelegatedVersion, forge.roles.at(role).keys);
  forge.put(role, "app/1.0", "one");
}

/// What both dialects do in the same way with a repository of their own kind.
template <typename Repository>
class ForgeOf : public Forge {
 public:
  TestRepository& repository() override { return repository_; }
  tuf::ChainFiles build() const override { return repository_.build(); }
  void add_targets(const std::string& role, std::uint64_t version, const std::vector<PublishedKey>& by) override {
    repository_.add_targets(role, version, by);
  }
  void put(const std::string& role, const std::string& name, const std::string& content) override {
    repository_.put(role, name, content);
  }
  void delegate(const std::string& from, const std::string& to, const TestRole& by,
                const std::vector<std::string>& paths) override {
    repository_.delegate(from, to, by, paths);
  }
  void add_root(std::uint64_t version, const std::map<std::string, TestRole>& by,
                const std::vector<PublishedKey>& also) override {
    repository_.add_root(version, by, also);
  }

 protected:
  explicit ForgeOf(Repository repository) : repository_(std::move(repository)) {}

  Repository repository_;
};

class NotaryForge final : public ForgeOf<NotaryRepository> {
 public:
  NotaryForge() : ForgeOf(NotaryRepository(kGun)) {}
  std::unique_ptr<Forge> copy() const override { return std::make_unique<NotaryForge>(*this); }
  std::string dialect() const override { return "notary-v1"; }
  std::string delegation(const std::string& last) const override { return "targets/" + last; }
  void assemble() override {
    repository_ = NotaryRepository(gun);
    fill(*this, {"app/"});
    repository_.finish(kSnapshotVersion, roles.at("snapshot").keys, roles.at("timestamp").keys);
    for (auto* listing : {&repository_.snapshot, &repository_.timestamp}) listing->edit_body.push_back(drop_sha512);
  }
  PublishedKey publish(const TestKey& key) const override { return test::publish(key); }
  PublishedKey publish_root(const TestKey& key) const override {
    return publish_x509(key, make_certificate(key, {.common_name = gun}));
  }
  std::string text(base::ByteView bytes) const override { return base::base64(bytes); }
  base::Bytes bytes(const std::string& text) const override { return base::from_base64(text); }
  std::string ecdsa() const override { return "ecdsa"; }
};

class TufForge final : public ForgeOf<TufRepository> {
 public:
  TufForge() : ForgeOf(TufRepository()) {}
  std::unique_ptr<Forge> copy() const override { return std::make_unique<TufForge>(*this); }
  std::string dialect() const override { return "tuf-1.0"; }
  std::string delegation(const std::string& last) const override { return last; }
  void assemble() override {
    repository_ = TufRepository();
    for (const auto& [role, by] : roles) repository_.keys.insert_or_assign(role, by.keys.front());
    fill(*this, {"app/*"});
    repository_.finish(kSnapshotVersion);
    repository_.snapshot.signers = roles.at("snapshot").keys;
    repository_.timestamp.signers = roles.at("timestamp").keys;
    for (auto* listing : {&repository_.snapshot, &repository_.timestamp}) listing->edit_body.push_back(drop_sha512);
  }
  PublishedKey publish(const TestKey& key) const override { return publish_v1(key); }
  PublishedKey publish_root(const TestKey& key) const override { return publish_v1(key); }
  std::string text(base::ByteView bytes) const override { return base::hex(bytes); }
  base::Bytes bytes(const std::string& text) const override { return base::from_hex(text); }
  std::string ecdsa() const override { return "ecdsa-der"; }
};

}  // namespace

TestKey ed25519_key(unsigned char number) { return TestKey::fixed(TestKind::ed25519, number); }
TestKey p256_key(unsigned char number) { return TestKey::fixed(TestKind::p256, number); }

std::unique_ptr<Forge> Forge::of(const std::string& dialect) {
  std::unique_ptr<Forge> forge;
  if (dialect == "notary-v1") {
    forge = std::make_unique<NotaryForge>();
  } else {
    forge = std::make_unique<TufForge>();
  }
  forge->roles["root"] = {{forge->publish_root(p256_key(kRootKey))}, 1};
  forge->roles["timestamp"] = {{forge->publish(ed25519_key(kTimestampKey))}, 1};
  forge->roles["snapshot"] = {{forge->publish(ed25519_key(kSnapshotKey))}, 1};
  forge->roles["targets"] = {{forge->publish(ed25519_key(kTargetsKey))}, 1};
  forge->roles[forge->delegated()] = {{forge->publish(ed25519_key(kDelegatedKey))}, 1};
  forge->assemble();
  return forge;
}

Draft& Forge::holder(const std::string& role) {
  if (role == "timestamp") throw std::logic_error("nothing promises the timestamp");
  return role == "snapshot" ? repository().timestamp : repository().snapshot;
}

VectorDraft::VectorDraft(const std::string& dialect, std::string spoilt, bool first_root)
    : role(std::move(spoilt)), forge_(Forge::of(dialect)) {
  if (role == "delegated") role = forge_->delegated();
  vector.dialect = dialect;
  vector.at = kVectorTime;
  vector.target = "app/1.0";
  vector.role = role;
  // Files that say nothing about the fault are left out.
  if (role == "root" || role == "timestamp" || role == "snapshot") {
    remake([&](Forge& forge) {
      forge.root_versions = role == "root" && !first_root ? 2 : 1;
      forge.with_delegation = false;
    });
    vector.target = "app/base";
    vector.report.role = "targets";
  }
}

void VectorDraft::remake(const std::function<void(Forge&)>& change) {
  change(*forge_);
  forge_->assemble();
}

void VectorDraft::mandate(const std::function<void(Object& holder, const std::vector<std::string>& role,
                                                   const std::vector<std::string>& keys)>& change) {
  if (is_delegated()) {
    forge_->draft("targets").edit_body.push_back(
        [=](Object& holder) { change(holder, {"delegations", "roles", "0"}, {"delegations", "keys"}); });
  } else {
    forge_->draft("root").edit_body.push_back(
        [=, name = role](Object& holder) { change(holder, {"roles", name}, {"keys"}); });
  }
}

TufVector VectorDraft::finish() {
  auto files = forge_->build();
  for (const auto& change : after) change(files);
  TufVector made = vector;
  made.files = std::move(files);
  if (made.gun.empty()) made.gun = forge_->gun;
  if (made.pins.empty() && pins_root_keys) {
    for (const auto& key : forge_->roles.at("root").keys) made.pins.push_back({"keyId", key.id});
  }
  return made;
}

}  // namespace gapstow::test
