// Repositories that a test writes, spoils and signs, every file built from an editable draft; and a small one of Notary
// v1. That of TUF 1.0 is in tuf_v1_repository.h.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gapstow/json/value.h"
#include "gapstow/tuf/chain.h"
#include "support/tuf_keys.h"

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
};

struct TestRole {
  std::vector<PublishedKey> keys;
  unsigned threshold = 1;
};

/// What repositories of both dialects have.
class TestRepository {
 public:
  virtual ~TestRepository() = default;
  /// The name by which snapshot and timestamp list a role's file.
  virtual std::string listed_name(const std::string& role) const = 0;
  /// The draft of "root" (the newest), "timestamp", "snapshot", "targets", …
  Draft& draft(const std::string& role);

  std::map<std::uint64_t, Draft> roots;
  std::map<std::string, Draft> targets;
  Draft snapshot;
  Draft timestamp;
  std::map<std::string, PublishedKey> keys;  ///< of standard(): "root", "timestamp", …, "delegation", "stranger"
};

class NotaryRepository final : public TestRepository {
 public:
  explicit NotaryRepository(std::string name) : gun(std::move(name)) {}
  /// Two roots by one key, targets, targets/releases and targets/alice by a key of their own.
  static NotaryRepository standard(const std::string& gun = "example.test/app");

  /// Adds root version `version` with these roles, signed by its root keys and by `also`.
  Draft& add_root(std::uint64_t version, const std::map<std::string, TestRole>& roles,
                  const std::vector<PublishedKey>& also = {});
  Draft& add_targets(const std::string& role, std::uint64_t version, const std::vector<PublishedKey>& signers);
  /// Adds a delegation to the draft of `from`.
  void delegate(const std::string& from, const std::string& to, const TestRole& by,
                const std::vector<std::string>& paths);
  /// Adds a target with sha256 and length of `content`.
  void put(const std::string& role, const std::string& name, const std::string& content);

  /// Snapshot and timestamp of version `version`, signed with these keys.
  void finish(std::uint64_t version, const std::vector<PublishedKey>& snapshot_keys,
              const std::vector<PublishedKey>& timestamp_keys);
  tuf::ChainFiles build() const;
  tuf::RootPin pin() const;
  std::string listed_name(const std::string& role) const override { return role; }

  std::string gun;
};

/// How a dialect writes one signature over canonical bytes.
using SignatureEntry = std::function<json::Value(const PublishedKey& signer, const std::string& canonical)>;
/// The draft's edits applied, and signed. Not yet tampered with.
std::string serialized(const Draft& draft, const SignatureEntry& entry);
base::Bytes tampered(const Draft& draft, std::string text);
/// ECDSA and PSS signatures are random; the same draft shall always give the same file.
const base::Bytes& lasting_signature(const PublishedKey& signer, std::string_view method, const std::string& canonical);

/// Changes the value at a path ("roles", "root", "keyids", "0"); members that are missing are made.
void edit(json::Object& object, const std::vector<std::string>& path, const std::function<void(json::Value&)>& change);
void set(json::Object& object, const std::vector<std::string>& path, json::Value value);
void erase(json::Object& object, const std::vector<std::string>& path);

/// {"hashes":{"sha256":…},"length":n}
json::Object meta_of(base::ByteView raw);

}  // namespace gapstow::test
