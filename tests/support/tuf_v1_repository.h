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
  /// Two roots by one key; targets; "releases" (terminating, "app/*") and "alice" ("*", "app/*") by a key of their own.
  static TufRepository standard();

  Draft& add_root(std::uint64_t version, const std::map<std::string, TestRole>& roles,
                  const std::vector<PublishedKey>& also = {});
  Draft& add_targets(const std::string& role, std::uint64_t version, const std::vector<PublishedKey>& signers);
  /// Adds a delegation with patterns to the draft of `from`.
  void delegate(const std::string& from, const std::string& to, const TestRole& by,
                const std::vector<std::string>& paths, bool terminating = false);
  /// Adds one with hash prefixes.
  void delegate_hashes(const std::string& from, const std::string& to, const TestRole& by,
                       const std::vector<std::string>& prefixes);
  /// Makes bins of all that `from` delegates.
  void delegate_bins(const std::string& from, const std::string& prefix, unsigned bits, const TestRole& by);
  void put(const std::string& role, const std::string& name, const std::string& content);
  /// Snapshot and timestamp of that version, signed by their standard keys.
  void finish(std::uint64_t version);
  /// Everything one version higher, from `role` ("targets", a delegation) up to the timestamp.
  void publish_again(const std::string& role);

  tuf::ChainFiles build() const;
  /// As served: "2.root.json", "timestamp.json", "5.snapshot.json", …
  std::map<std::string, base::Bytes> served() const;
  tuf::RootPin pin() const;
  std::string listed_name(const std::string& role) const override { return role + ".json"; }
  std::map<std::string, TestRole> top_roles() const;

  bool with_hashes = true;  ///< whether snapshot and timestamp give lengths and hashes
};

}  // namespace gapstow::test
