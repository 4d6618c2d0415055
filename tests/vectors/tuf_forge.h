// The repositories that vectors are made of: the same in both dialects as far as they allow, from keys that are the
// same in every run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/tuf_repository.h"
#include "support/tuf_v1_repository.h"
#include "vectors/tuf_vector.h"

namespace gapstow::test {

inline constexpr const char* kGun = "example.test/app";
inline constexpr const char* kVectorTime = "2026-11-23T00:00:00Z";

/// One repository before it is signed. First what it is made of is changed, then assemble() is called, then drafts are
/// edited. It has a target "app/base" by "targets" and "app/1.0" by the delegated role.
class Forge {
 public:
  virtual ~Forge() = default;
  static std::unique_ptr<Forge> of(const std::string& dialect);
  virtual std::unique_ptr<Forge> copy() const = 0;

  virtual std::string dialect() const = 0;
  bool is_notary() const { return dialect() == "notary-v1"; }
  /// The delegated role's name: "targets/releases", "releases".
  std::string delegated() const { return delegation("releases"); }
  /// A delegated role below "targets" by its last part.
  virtual std::string delegation(const std::string& last) const = 0;

  /// Makes the drafts anew.
  virtual void assemble() = 0;
  virtual TestRepository& repository() = 0;
  virtual tuf::ChainFiles build() const = 0;
  Draft& draft(const std::string& role) { return repository().draft(role); }
  /// What `role` is promised by, and the name it has there. Not for "timestamp".
  Draft& holder(const std::string& role);
  std::string listed(const std::string& role) { return repository().listed_name(role); }

  virtual void add_targets(const std::string& role, std::uint64_t version, const std::vector<PublishedKey>& by) = 0;
  virtual void put(const std::string& role, const std::string& name, const std::string& content) = 0;
  /// `paths` as the dialect has them: prefixes or patterns.
  virtual void delegate(const std::string& from, const std::string& to, const TestRole& by,
                        const std::vector<std::string>& paths) = 0;
  virtual void add_root(std::uint64_t version, const std::map<std::string, TestRole>& roles,
                        const std::vector<PublishedKey>& also = {}) = 0;

  /// A bare key as the dialect publishes it.
  virtual PublishedKey publish(const TestKey& key) const = 0;
  /// A key that may sign roots: for Notary with a certificate for the GUN.
  virtual PublishedKey publish_root(const TestKey& key) const = 0;
  /// Key that may sign `role`.
  PublishedKey key_for(const std::string& role, const TestKey& key) const {
    return role == "root" ? publish_root(key) : publish(key);
  }
  /// Signatures and hashes as the dialect writes them: base64, hexadecimal.
  virtual std::string text(base::ByteView bytes) const = 0;
  virtual base::Bytes bytes(const std::string& text) const = 0;
  /// The dialect's name for how a key signs ECDSA in tests: "ecdsa", "ecdsa-der".
  virtual std::string ecdsa() const = 0;

  std::string gun = kGun;
  std::map<std::string, TestRole> roles;  ///< the four top roles and the delegated one
  std::uint64_t root_versions = 1;
  bool with_delegation = true;
};

/// A vector while it is made.
struct VectorDraft {
  /// `first_root`: a spoilt root is the first one; else it follows a good one.
  VectorDraft(const std::string& dialect, std::string spoilt, bool first_root = false);
  TufVector finish();

  Forge& forge() { return *forge_; }
  Draft& draft() { return forge_->draft(role); }
  bool is_notary() const { return forge_->is_notary(); }
  bool is_delegated() const { return role == forge_->delegated(); }
  /// Changes what the repository is made of and makes it anew; edits made before are lost.
  void remake(const std::function<void(Forge&)>& change);
  /// Roles by which the spoilt role's keys are appointed: the holder's draft, and paths to the role and to its keys.
  void mandate(const std::function<void(json::Object& holder, const std::vector<std::string>& role,
                                        const std::vector<std::string>& keys)>& change);

  std::string role;                                          ///< the spoilt one; empty where it is the whole
  TufVector vector;                                          ///< all but files and pins is set by hand
  bool pins_root_keys = true;                                ///< where no pin is set by hand
  std::vector<std::function<void(tuf::ChainFiles&)>> after;  ///< changes of the finished files

 private:
  std::unique_ptr<Forge> forge_;
};

/// Keys by number: Ed25519 and P-256.
TestKey ed25519_key(unsigned char number);
TestKey p256_key(unsigned char number);

}  // namespace gapstow::test
