// State: what this site has seen. Highest versions per (root identity, GUN, role), the clock floor and the history of
// imports, in SQLite. One writer at a time, many readers; a commit is durable and all or nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::trust {

/// The clock may be this much behind the floor before it is refused.
inline constexpr std::int64_t kFloorLeeway = 300;
/// How long to wait for another import to finish its commit.
inline constexpr std::chrono::milliseconds kStateWait{5000};

/// One import, as the history keeps it.
struct HistoryRecord {
  std::int64_t id = 0;    ///< rising, given by the database
  base::Time when;        ///< local clock at commit
  std::string bundle_id;  ///< hex
  base::Time sealed_at;
  std::vector<std::string> signers;  ///< "name (fingerprint)"
  std::string destination;           ///< "oci-archive:out.tar"
  struct Image {
    std::string reference;
    std::string digest;
    std::string role;  ///< empty without a chain
    std::vector<std::string> key_ids;
    std::string imported_as;  ///< equal to reference unless renamed
  };
  std::vector<Image> images;
  std::string rollback_reason;  ///< of --allow-rollback; empty else
};

/// Versions to remember for one chain.
struct SeenUpdate {
  std::string gun;
  std::vector<std::string> root_identities;
  tuf::SeenRoles roles;
};

/// One thread at a time; any number of objects and processes on one file. Every call throws Error{state_unavailable}
/// when the database is damaged or stays locked longer than the wait. Normative: formats/state.md.
class State {
 public:
  /// For reading: nullptr when there is no database yet. Error{state_unavailable} says what to do when it is
  /// damaged (an empty file is), of a newer version, not a state database, or cannot be opened.
  static std::unique_ptr<State> open_existing(const std::string& path, std::chrono::milliseconds wait = kStateWait);
  /// For writing: creates file (0600) and missing parent folders.
  static std::unique_ptr<State> open_or_create(const std::string& path, std::chrono::milliseconds wait = kStateWait);
  virtual ~State() = default;

  /// The highest versions seen under any of these identities.
  virtual tuf::SeenRoles seen(const std::string& gun, const std::vector<std::string>& root_identities) = 0;
  virtual std::optional<base::Time> clock_floor() = 0;
  /// Newest first.
  virtual std::vector<HistoryRecord> history(std::size_t limit) = 0;

  /// In one transaction: checks the updates once more against what is there now (another import may have been
  /// quicker; Error{rollback} unless `record.rollback_reason` is set), raises versions, adds the record, raises the
  /// floor to `floor`. Versions never go down, also not with a reason: a chain that is older is then not remembered at
  /// all. `publish` makes the images visible: it is called when nothing but the end of the transaction is left to do,
  /// so that of two imports only one can go first; what it throws undoes the rest. Error{equivocation} for a version
  /// seen with other content, whatever the reason. Error{io_write} when the disk is full or fails. After an error
  /// nothing has changed.
  virtual void commit(const HistoryRecord& record, const std::vector<SeenUpdate>& updates,
                      std::optional<base::Time> floor, const std::function<void()>& publish = {}) = 0;
  /// For `chain verify --commit`: as commit(), without a history record.
  virtual void remember(const std::vector<SeenUpdate>& updates) = 0;
};

/// $XDG_STATE_HOME/gapstow/state.db, ~/.local/state/…, or /var/lib/gapstow/state.db for root.
std::string default_state_path();

}  // namespace gapstow::trust
