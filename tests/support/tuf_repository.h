// Repositories that a test writes, spoils and signs, every file built from an editable draft; and a small one of Notary
// v1. That of TUF 1.0 is in tuf_v1_repository.h.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gapstow/json/value.h"
#include "gapstow/tuf/chain.h"
#include "support/tuf_keys.h"

namespace gapstow::tuf {
class Dialect;
}

namespace gapstow::test {

/// A key as metadata publishes it.
struct PublishedKey {
  TestKey key;
  std::string type;   ///< "ecdsa", "ecdsa-x509", "rsa", "rsa-x509", "ed25519"
  std::string value;  ///< base64; in TUF 1.0 PEM or hexadecimal
  std::string id;
};

/// A bare key of its kind.
PublishedKey publish(const TestKey& key);
/// Under any type with any value.
PublishedKey publish_as(const TestKey& key, const std::string& type, base::ByteView value);
/// As x509, with this PEM text.
PublishedKey publish_x509(const TestKey& key, const std::string& pem);
/// A fresh P-256 root key with a certificate for the GUN.
PublishedKey make_root_key(const std::string& gun);
PublishedKey make_ed25519_key();

/// One file before it is signed. The edits run in this order while the chain is built.
struct Draft {
  json::Object body;
  std::vector<PublishedKey> signers;
  std::vector<std::function<void(json::Object&)>> edit_body;      ///< before signing, after hashes of others are in
  std::vector<std::function<void(json::Object&)>> edit_envelope;  ///< after signing, before others hash it
  std::vector<std::function<void(std::string&)>> edit_text;       ///< as before, on the text
  std::vector<std::function<void(std::string&)>> tamper;          ///< after others have hashed it
  bool withheld = false;                                          ///< listed, hashed and not there
};

struct TestRole {
  std::vector<PublishedKey> keys;
  unsigned threshold = 1;
};

/// A repository of either dialect. What differs between them is what its virtual functions say.
class TestRepository {
 public:
  explicit TestRepository(std::string name) : gun(std::move(name)) {}
  virtual ~TestRepository() = default;
  virtual std::unique_ptr<TestRepository> clone() const = 0;

  virtual const tuf::Dialect& dialect() const = 0;
  /// The name by which snapshot and timestamp list a role's file.
  virtual std::string listed_name(const std::string& role) const = 0;
  virtual bool lists_root() const = 0;
  /// How signatures and hashes are written.
  virtual std::string encoded(base::ByteView bytes) const = 0;
  virtual base::Bytes decoded(const std::string& text) const = 0;
  /// A bare key as the dialect publishes it.
  virtual PublishedKey published(const TestKey& key) const = 0;
  virtual json::Object key_object(const PublishedKey& key) const = 0;
  /// By what method of TestKey::sign() a key signs.
  virtual std::string_view signing_method(const TestKey& key) const = 0;
  virtual json::Value signature(const PublishedKey& signer, const std::string& canonical) const = 0;
  /// What a file of "root", "timestamp", "snapshot" or "targets" says whatever it is about.
  virtual json::Object new_body(const std::string& type, std::uint64_t version) const = 0;
  /// What is listed of a file.
  virtual json::Value listing(const Draft& draft, const std::string& text) const = 0;
  /// The role of standard() that keys.at("delegation") sign, and a name of which only it may speak.
  virtual std::string delegated() const = 0;
  virtual std::string delegated_target() const = 0;

  /// The draft of "root" (the newest), "timestamp", "snapshot", "targets", …
  Draft& draft(const std::string& role);
  /// Adds root version `version` with these roles, signed by its root keys and by `also`.
  Draft& add_root(std::uint64_t version, const std::map<std::string, TestRole>& roles,
                  const std::vector<PublishedKey>& also = {});
  Draft& add_targets(const std::string& role, std::uint64_t version, const std::vector<PublishedKey>& signers);
  /// Adds a target with sha256 and length of `content`.
  void put(const std::string& role, const std::string& name, const std::string& content);
  /// Snapshot and timestamp of version `version`, signed with these keys; else with the standard ones.
  void finish(std::uint64_t version, const std::vector<PublishedKey>& snapshot_keys,
              const std::vector<PublishedKey>& timestamp_keys);
  void finish(std::uint64_t version) { finish(version, {keys.at("snapshot")}, {keys.at("timestamp")}); }
  /// Everything one version higher, from `role` ("targets", a delegation) up to the timestamp.
  void publish_again(const std::string& role);
  /// A further publication of standard(): a root, and each role one version higher and longer; delegated() names
  /// delegated_target() from now on. The files up to now are kept in `before`.
  void publish_next();

  tuf::ChainFiles build() const;
  /// The text of a file as others hash it.
  std::string text_of(const Draft& draft) const;
  tuf::RootPin pin() const;
  /// The four top roles by their standard keys.
  std::map<std::string, TestRole> top_roles() const;

  std::string gun;
  std::map<std::uint64_t, Draft> roots;
  std::map<std::string, Draft> targets;
  Draft snapshot;
  Draft timestamp;
  std::map<std::string, PublishedKey> keys;   ///< of standard(): "root", "timestamp", …, "delegation", "stranger"
  std::map<std::string, std::string> before;  ///< files of the publication before this one, by role

 protected:
  /// Adds a delegation with what differs in `role`; keys and threshold are filled in.
  void add_delegation(const std::string& from, const std::string& to, const TestRole& by, json::Object role);
};

class NotaryRepository final : public TestRepository {
 public:
  explicit NotaryRepository(std::string name) : TestRepository(std::move(name)) {}
  /// Two roots by one key, targets, targets/releases and targets/alice by a key of their own.
  static NotaryRepository standard(const std::string& gun = "example.test/app");
  /// Adds a delegation to the draft of `from`.
  void delegate(const std::string& from, const std::string& to, const TestRole& by,
                const std::vector<std::string>& paths);

  std::unique_ptr<TestRepository> clone() const override { return std::make_unique<NotaryRepository>(*this); }
  const tuf::Dialect& dialect() const override;
  std::string listed_name(const std::string& role) const override { return role; }
  bool lists_root() const override { return true; }
  std::string encoded(base::ByteView bytes) const override;
  base::Bytes decoded(const std::string& text) const override;
  PublishedKey published(const TestKey& key) const override { return publish(key); }
  json::Object key_object(const PublishedKey& key) const override;
  std::string_view signing_method(const TestKey& key) const override { return key.method(); }
  json::Value signature(const PublishedKey& signer, const std::string& canonical) const override;
  json::Object new_body(const std::string& type, std::uint64_t version) const override;
  json::Value listing(const Draft& draft, const std::string& text) const override;
  std::string delegated() const override { return "targets/releases"; }
  std::string delegated_target() const override { return "2.0"; }
};

/// ECDSA and PSS signatures are random; the same draft shall always give the same file.
const base::Bytes& lasting_signature(const PublishedKey& signer, std::string_view method, const std::string& canonical);
/// The version that a draft has.
std::uint64_t version_of(const Draft& draft);

/// Changes the value at a path ("roles", "root", "keyids", "0"); members that are missing are made.
void edit(json::Object& object, const std::vector<std::string>& path, const std::function<void(json::Value&)>& change);
void set(json::Object& object, const std::vector<std::string>& path, json::Value value);
void erase(json::Object& object, const std::vector<std::string>& path);

/// {"hashes":{"sha256":…},"length":n}
json::Object meta_of(base::ByteView raw);

}  // namespace gapstow::test
