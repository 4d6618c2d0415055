// Updater: the client workflow of the TUF specification 1.0.34 (section 5), with all I/O left to others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/time.h"
#include "gapstow/tuf/trusted_set.h"

namespace gapstow::tuf {

/// Roles that one search asks at most. Source: what python-tuf and go-tuf allow.
inline constexpr std::size_t kMaxVisitedRoles = 32;

/// Where metadata comes from.
class MetadataFetcher {
 public:
  virtual ~MetadataFetcher() = default;
  /// The bytes of a file ("2.root.json", "timestamp.json"; names of roles are percent-encoded, so that the name is one
  /// part of a path whatever the role is called), or nothing when the repository says that there is none. More than
  /// `limit` bytes are Error{limit_exceeded}, and are not read. Other failures are thrown as Error.
  virtual std::optional<base::Bytes> fetch(const std::string& file, std::uint64_t limit) = 0;
};

/// What a client keeps from one update to the next: one file of each role, by the role's name.
class MetadataStore {
 public:
  virtual ~MetadataStore() = default;
  /// The bytes last written, or nothing. `role` may be any text: the store makes it a safe name.
  virtual std::optional<base::Bytes> read(const std::string& role) = 0;
  /// Keeps the bytes in the place of earlier ones, whole or not at all.
  virtual void write(const std::string& role, base::ByteView raw) = 0;
  /// Forgets the role, when there is anything.
  virtual void remove(const std::string& role) = 0;
};

/// A target as a proven role describes it.
struct FoundTarget {
  std::string name;
  Target target;
  std::string role;  ///< which role answered
};

/// Error{digest_mismatch} unless the bytes have the length and every hash that the target names.
void check_target_bytes(const FoundTarget& found, base::ByteView bytes);

/// One update of one repository, at one instant. Files are stored as soon as they are proven and not expired (roots
/// also when they are); what a failed step has proven before stays.
class Updater {
 public:
  /// Starts a store with a root that is trusted beforehand; it must be well-formed and meet its own threshold.
  static void init(MetadataStore& store, base::ByteView root);

  /// `now` holds for all checks. Both interfaces must outlive the updater.
  Updater(MetadataFetcher& fetcher, MetadataStore& store, base::Time now)
      : fetcher_(fetcher), store_(store), now_(now) {}

  /// Root, timestamp, snapshot and targets, each as new as the repository has it. Error{not_found} without a root in
  /// the store, Error{chain_incomplete} for files that are not served, Error{expired}, and what TrustedSet throws.
  /// After an error the updater is used up.
  void refresh();
  /// Searches the target, refreshing first where that has not been done; roles are fetched as the search comes to them.
  /// Error{target_missing} when no role that may speak of it names it.
  FoundTarget find(const std::string& target);
  /// See target_files().
  std::vector<std::string> files_of(const FoundTarget& found) const;

  /// What has been proven; nothing before refresh().
  const std::optional<TrustedSet>& trusted() const { return set_; }

 private:
  void walk_roots();
  void take_next_root(base::ByteView raw);
  void take_timestamp();
  void take_snapshot();
  void take_targets();
  void take_delegation(const std::string& delegator, std::size_t index);
  bool take_stored_snapshot();
  base::Bytes fetch(const std::string& role, const FileMeta& promised, std::uint64_t limit);
  const FileMeta& promised(const std::string& role) const;
  void require_current(const ProvenRole& role) const;

  MetadataFetcher& fetcher_;
  MetadataStore& store_;
  base::Time now_;
  std::optional<TrustedSet> set_;
  bool refreshed_ = false;
};

}  // namespace gapstow::tuf
