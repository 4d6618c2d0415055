#include "gapstow/trust/state.h"

#include <algorithm>
#include <limits>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "state_schema.h"
#include "state_sqlite.h"

namespace gapstow::trust {
namespace {

using base::Error;
using base::ErrorCode;
using base::Time;

Time time_of(const Query& query, int column) {
  return {query.integer(column), static_cast<std::int32_t>(query.integer(column + 1))};
}

/// The images can be seen already. Whether the state has come to know them is open when its last syncs fail.
void end_published(Transaction& transaction) {
  try {
    transaction.commit();
  } catch (const Error& error) {
    throw Error(error.code(), "the images are in place, but the state may not remember them: " + error.why(),
                "make sure that the state database can be written, then run the same import again");
  }
}

/// Each update must say under which identities and with which values it is to be kept.
void check_update(const SeenUpdate& update) {
  const bool whole = std::ranges::all_of(update.roles, [](const auto& role) {
    return role.second.version >= 1 && role.second.sha256.algorithm() == digest::Algorithm::sha256 &&
           !role.second.sha256.empty();
  });
  if (update.root_identities.empty() || !whole) {
    throw Error(ErrorCode::internal,
                "versions of " + update.gun + " cannot be remembered: no root identity or version");
  }
}

void refuse_fork(const std::string& gun, const std::string& role, const tuf::SeenRole& before,
                 const tuf::SeenRole& now) {
  if (now.version != before.version || now.sha256 == before.sha256) return;
  throw Error(ErrorCode::equivocation, role + " of " + gun + " has version " + std::to_string(now.version) +
                                           " with other content than was seen before");
}

}  // namespace

tuf::SeenRoles SqliteState::merged(const std::string& gun, const std::vector<std::string>& root_identities) {
  tuf::SeenRoles all;
  Query query(database_, "SELECT role, version, sha256, sum FROM seen WHERE root_identity = ? AND gun = ?");
  for (const auto& identity : root_identities) {
    query.bind(identity).bind(gun);
    while (query.step()) {
      const std::string role = query.text(0);
      const std::string sha256 = query.text(2);
      if (query.text(3) != seen_sum(identity, gun, role, query.integer(1), sha256)) {
        database_.fail_damaged("a remembered version does not have its checksum");
      }
      const tuf::SeenRole found{static_cast<std::uint64_t>(query.integer(1)), digest::Digest::from_sha256_hex(sha256)};
      auto& kept = all[role];
      if (found.version > kept.version) kept = found;
    }
    query.reset();
  }
  return all;
}

tuf::SeenRoles SqliteState::seen(const std::string& gun, const std::vector<std::string>& root_identities) {
  Transaction transaction(database_, Transaction::Kind::read);
  auto roles = merged(gun, root_identities);
  transaction.commit();
  return roles;
}

std::optional<Time> SqliteState::floor() {
  Query query(database_, "SELECT seconds, nanoseconds, sum FROM clock");
  if (!query.step()) return std::nullopt;
  const Time found = time_of(query, 0);
  if (query.text(2) != clock_sum(found)) database_.fail_damaged("the clock floor does not have its checksum");
  return found;
}

std::optional<Time> SqliteState::clock_floor() { return floor(); }

void SqliteState::read_details(HistoryRecord& record) {
  Query signers(database_, "SELECT signer FROM import_signer WHERE import = ? ORDER BY position");
  signers.bind(record.id);
  while (signers.step()) record.signers.push_back(signers.text(0));
  Query images(database_,
               "SELECT position, reference, digest, role, imported_as FROM import_image WHERE import = ? "
               "ORDER BY position");
  Query keys(database_, "SELECT key_id FROM import_key WHERE import = ? AND image = ? ORDER BY position");
  images.bind(record.id);
  while (images.step()) {
    HistoryRecord::Image image{images.text(1), images.text(2), images.text(3), {}, images.text(4)};
    keys.bind(record.id).bind(images.integer(0));
    while (keys.step()) image.key_ids.push_back(keys.text(0));
    keys.reset();
    record.images.push_back(std::move(image));
  }
}

std::vector<HistoryRecord> SqliteState::history(std::size_t limit) {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  Transaction transaction(database_, Transaction::Kind::read);
  std::vector<HistoryRecord> records;
  Query query(database_,
              "SELECT id, seconds, nanoseconds, bundle_id, sealed_seconds, sealed_nanoseconds, destination, "
              "rollback_reason, sum, "
              "coalesce((SELECT sum FROM import AS before WHERE before.id < import.id ORDER BY id DESC LIMIT 1), '') "
              "FROM import ORDER BY id DESC LIMIT ?");
  query.bind(static_cast<std::int64_t>(std::min(limit, kMost)));
  while (query.step()) {
    HistoryRecord record;
    record.id = query.integer(0);
    record.when = time_of(query, 1);
    record.bundle_id = query.text(3);
    record.sealed_at = time_of(query, 4);
    record.destination = query.text(6);
    record.rollback_reason = query.text(7);
    read_details(record);
    if (query.text(8) != record_sum(query.text(9), record)) {
      database_.fail_damaged("record " + std::to_string(record.id) + " of the history does not have its checksum");
    }
    records.push_back(std::move(record));
  }
  transaction.commit();
  return records;
}

/// True when a role is older than what is remembered; the same version with other content is an error.
bool SqliteState::is_older(const SeenUpdate& update) {
  check_update(update);
  bool older = false;
  // One by one: two identities may know other contents of one version.
  for (const auto& identity : update.root_identities) {
    for (const auto& [role, before] : merged(update.gun, {identity})) {
      const auto now = update.roles.find(role);
      if (now == update.roles.end()) continue;
      refuse_fork(update.gun, role, before, now->second);
      older = older || now->second.version < before.version;
    }
  }
  return older;
}

void SqliteState::raise(const SeenUpdate& update) {
  Query query(database_,
              "INSERT INTO seen (root_identity, gun, role, version, sha256, sum) VALUES (?, ?, ?, ?, ?, ?) "
              "ON CONFLICT DO UPDATE SET version = excluded.version, sha256 = excluded.sha256, sum = excluded.sum "
              "WHERE excluded.version > seen.version");
  for (const auto& identity : update.root_identities) {
    for (const auto& [role, now] : update.roles) {
      const auto version = base::checked_narrow<std::int64_t>(now.version);
      const std::string sha256 = now.sha256.hex();
      query.bind(identity).bind(update.gun).bind(role).bind(version).bind(sha256);
      query.bind(seen_sum(identity, update.gun, role, version, sha256)).run();
    }
  }
}

void SqliteState::raise_floor(Time to) {
  const auto before = floor();
  if (before && to <= *before) return;
  Query(database_,
        "INSERT INTO clock (id, seconds, nanoseconds, sum) VALUES (1, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET seconds = excluded.seconds, nanoseconds = excluded.nanoseconds, sum = excluded.sum")
      .bind(to.seconds)
      .bind(to.nanoseconds)
      .bind(clock_sum(to))
      .run();
}

void SqliteState::add_images(const HistoryRecord& record) {
  Query images(database_,
               "INSERT INTO import_image (import, position, reference, digest, role, imported_as) "
               "VALUES (?, ?, ?, ?, ?, ?)");
  Query keys(database_, "INSERT INTO import_key (import, image, position, key_id) VALUES (?, ?, ?, ?)");
  std::int64_t position = 0;
  for (const auto& image : record.images) {
    images.bind(record.id).bind(position).bind(image.reference).bind(image.digest);
    images.bind(image.role).bind(image.imported_as).run();
    std::int64_t place = 0;
    for (const auto& key : image.key_ids) keys.bind(record.id).bind(position).bind(place++).bind(key).run();
    ++position;
  }
}

void SqliteState::add_record(HistoryRecord record) {
  Query last(database_, "SELECT id, sum FROM import ORDER BY id DESC LIMIT 1");
  const bool first = !last.step();
  const std::string previous = first ? "" : last.text(1);
  record.id = first ? 1 : last.integer(0) + 1;
  last.reset();
  Query(database_,
        "INSERT INTO import (id, seconds, nanoseconds, bundle_id, sealed_seconds, sealed_nanoseconds, destination, "
        "rollback_reason, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(record.id)
      .bind(record.when.seconds)
      .bind(record.when.nanoseconds)
      .bind(record.bundle_id)
      .bind(record.sealed_at.seconds)
      .bind(record.sealed_at.nanoseconds)
      .bind(record.destination)
      .bind(record.rollback_reason)
      .bind(record_sum(previous, record))
      .run();
  Query signers(database_, "INSERT INTO import_signer (import, position, signer) VALUES (?, ?, ?)");
  std::int64_t position = 0;
  for (const auto& signer : record.signers) signers.bind(record.id).bind(position++).bind(signer).run();
  add_images(record);
}

void SqliteState::seal_whole() {
  const std::string sum = whole_sum(database_);
  Query(database_, "UPDATE whole SET sum = ? WHERE sum <> ?").bind(sum).bind(sum).run();
}

void SqliteState::commit(const HistoryRecord& record, const std::vector<SeenUpdate>& updates,
                         std::optional<Time> new_floor, const std::function<void()>& publish) {
  Transaction transaction(database_, Transaction::Kind::write);
  for (const auto& update : updates) {
    if (!is_older(update)) {
      raise(update);
    } else if (record.rollback_reason.empty()) {
      throw Error(
          ErrorCode::rollback, "the chain of " + update.gun + " is older than one that was seen before",
          "another import may have been quicker; import a newer bundle, or give --allow-rollback with a reason");
    }
  }
  add_record(record);
  if (new_floor) raise_floor(*new_floor);
  seal_whole();
  if (!publish) return transaction.commit();
  database_.flush();
  publish();
  end_published(transaction);
}

void SqliteState::remember(const std::vector<SeenUpdate>& updates) {
  Transaction transaction(database_, Transaction::Kind::write);
  for (const auto& update : updates) {
    if (is_older(update)) {
      throw Error(ErrorCode::rollback, "the chain of " + update.gun + " is older than one that was seen before");
    }
    raise(update);
  }
  seal_whole();
  transaction.commit();
}

}  // namespace gapstow::trust
