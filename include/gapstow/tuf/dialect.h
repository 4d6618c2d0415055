// Dialect: everything in which Notary v1 and TUF 1.0 differ. The engine has no knowledge of either.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/tuf/delegations.h"
#include "gapstow/tuf/metadata.h"

namespace gapstow::tuf {

/// Named limits of metadata, for both dialects (formats/bundle.md, "Limits").
inline constexpr std::uint64_t kMaxRootBytes = 1ULL << 20;
inline constexpr std::uint64_t kMaxTimestampBytes = 1ULL << 20;
inline constexpr std::uint64_t kMaxSnapshotBytes = 64ULL << 20;
inline constexpr std::uint64_t kMaxTargetsBytes = 64ULL << 20;  ///< 100,000 targets are about 30 MB
inline constexpr std::size_t kMaxRootVersions = 1024;           ///< the specification's example for Y
inline constexpr std::size_t kMaxKeys = 1000;
inline constexpr std::size_t kMaxSignatures = 1000;
inline constexpr std::size_t kMaxDelegations = 4096;  ///< of one role
inline constexpr std::size_t kMaxPaths = 4096;        ///< of one delegation
inline constexpr std::size_t kMaxRoles = 32'768;      ///< of one chain; 2^14 bins are in use
inline constexpr unsigned kMaxDelegationDepth = 32;
inline constexpr std::size_t kMaxRoleNameBytes = 255;
inline constexpr std::size_t kMaxTargetNameBytes = 4096;

struct ChainFiles;

/// Stateless; one object serves all threads and lives as long as the program. Parsers throw
/// Error{malformed | limit_exceeded | role_invalid | unsupported}; what they return is well-formed, nothing more:
/// no signature has been looked at.
class Dialect {
 public:
  virtual ~Dialect() = default;
  /// "notary-v1", "tuf-1.0".
  virtual std::string_view name() const = 0;

  /// `known`: keys decoded before; one whose ID and contents are the same is taken from there, as decoding is slow.
  virtual Signed<Root> parse_root(base::ByteView raw, const KeyMap& known) const = 0;
  Signed<Root> parse_root(base::ByteView raw) const { return parse_root(raw, KeyMap{}); }
  virtual Signed<Timestamp> parse_timestamp(base::ByteView raw) const = 0;
  virtual Signed<Snapshot> parse_snapshot(base::ByteView raw) const = 0;
  /// `role`: the name the file stands for; its delegations must be allowed to it.
  virtual Signed<Targets> parse_targets(base::ByteView raw, const std::string& role) const = 0;

  /// Rules for a root beyond its signatures (x509 names and kinds). Throws Error.
  virtual void check_root(const Root& root, const std::string& gun) const = 0;
  /// The ID by which people know a key: of an x509 key that of its bare public key.
  virtual std::string canonical_key_id(const Key& key) const = 0;
  /// Whether the snapshot must list the root file too, under "root".
  virtual bool snapshot_lists_root() const = 0;
  /// Whether a delegated role that the snapshot does not list is merely not published yet. Else it is absent, and
  /// a search that comes to it fails.
  virtual bool unlisted_is_unpublished() const = 0;
  /// `child` as far as `parent` (the effective terms of the role that delegates; nullptr for "targets") leaves it.
  virtual Delegation narrow(const Delegation* parent, const Delegation& child) const = 0;
  /// Whether a delegation, taken by itself, lets its role speak of `target`.
  virtual bool may_name(const Delegation& terms, const std::string& target) const = 0;
  /// Grants (by index) to ask for a target, in order. Each may speak of it; the first that names it answers.
  virtual std::vector<std::size_t> search_order(const DelegationGraph& graph, const std::string& target) const = 0;

  /// The target as which a tag of the repository `gun` is signed.
  virtual std::string target_for(const std::string& gun, const std::string& tag) const = 0;
  /// The tag of that repository which the name of a target stands for; empty when it stands for none.
  virtual std::string tag_of(const std::string& gun, const std::string& target) const = 0;
  /// Whether files that came without a name say that they are of `gun`; proof comes later.
  virtual bool claims(const ChainFiles& files, const std::string& gun) const = 0;
  /// Under which name a stored chain holds a role's file: "2.root.json", "targets/releases.json". Letters, digits and
  /// "-_.%/" only, and no two roles share a name on a disk that does not tell upper from lower case.
  virtual std::string stored_name(const std::string& role, std::uint64_t version) const = 0;
};

/// The dialect in which a root file is written. Error{malformed} when it is a root of none, with both reasons.
const Dialect& dialect_of_root(base::ByteView root);

/// Docker Content Trust. One shared object that lives as long as the program.
const Dialect& notary_v1();
/// TUF specification 1.0. One shared object that lives as long as the program.
const Dialect& tuf_v1();

}  // namespace gapstow::tuf
