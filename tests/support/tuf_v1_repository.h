// A small TUF 1.0 repository that a test writes, spoils and signs.
#pragma once

#include <optional>

#include "gapstow/tuf/delegations.h"
#include "support/tuf_repository.h"

namespace gapstow::test {

/// A key as TUF 1.0 publishes it: PEM, for Ed25519 hexadecimal.
PublishedKey publish_v1(const TestKey& key);
/// An ECDSA key as its point in hexadecimal, under the old name of its type.
PublishedKey publish_v1_point(const TestKey& key);
/// {"keytype":…,"scheme":…,"keyval":{"public":…}}
json::Object v1_key_object(const PublishedKey& key);

class TufRepository final : public TestRepository {
 public:
  TufRepository() : TestRepository("example") {}
  /// Two roots by one key; targets; "releases" (terminating, "app/*") and "alice" ("*", "app/*") by a key of their own.
  static TufRepository standard();

  /// Adds a delegation with patterns to the draft of `from`.
  void delegate(const std::string& from, const std::string& to, const TestRole& by,
                const std::vector<std::string>& paths, bool terminating = false);
  /// Adds one with hash prefixes.
  void delegate_hashes(const std::string& from, const std::string& to, const TestRole& by,
                       const std::vector<std::string>& prefixes);
  /// Makes bins of all that `from` delegates.
  void delegate_bins(const std::string& from, const std::string& prefix, unsigned bits, const TestRole& by);
  /// As served: "2.root.json", "timestamp.json", "5.snapshot.json", …
  std::map<std::string, base::Bytes> served() const;

  std::unique_ptr<TestRepository> clone() const override { return std::make_unique<TufRepository>(*this); }
  const tuf::Dialect& dialect() const override;
  std::string listed_name(const std::string& role) const override { return role + ".json"; }
  bool lists_root() const override { return false; }
  std::string encoded(base::ByteView bytes) const override;
  base::Bytes decoded(const std::string& text) const override;
  PublishedKey published(const TestKey& key) const override { return publish_v1(key); }
  json::Object key_object(const PublishedKey& key) const override { return v1_key_object(key); }
  std::string_view signing_method(const TestKey& key) const override;
  json::Value signature(const PublishedKey& signer, const std::string& canonical) const override;
  json::Object new_body(const std::string& type, std::uint64_t version) const override;
  json::Value listing(const Draft& draft, const std::string& text) const override;
  std::string delegated() const override { return "releases"; }
  std::string delegated_target() const override { return "app/2.0"; }

  bool with_hashes = true;  ///< whether snapshot and timestamp give lengths and hashes
};

}  // namespace gapstow::test
