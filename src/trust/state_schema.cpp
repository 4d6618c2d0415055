#include "state_schema.h"

#include <algorithm>
#include <array>

#include "gapstow/base/error.h"
#include "gapstow/digest/digest.h"

namespace gapstow::trust {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::int64_t kApplicationId = 0x67737477;  // "gstw"
constexpr std::int64_t kSchemaVersion = 1;
constexpr const char* kMarks = "PRAGMA application_id=1735619703; PRAGMA user_version=1";
static_assert(kApplicationId == 1735619703 && kSchemaVersion == 1);

/// Exactly as SQLite keeps them. The triggers hold the promises even against a faulty gapstow.
constexpr std::array<std::string_view, 20> kSchema{
    R"(CREATE TABLE seen (
  root_identity TEXT NOT NULL CHECK (length(root_identity) = 64),
  gun TEXT NOT NULL,
  role TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  sum TEXT NOT NULL,
  PRIMARY KEY (root_identity, gun, role)
) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seconds INTEGER NOT NULL,
  nanoseconds INTEGER NOT NULL CHECK (nanoseconds BETWEEN 0 AND 999999999),
  sum TEXT NOT NULL
) STRICT)",
    R"(CREATE TABLE import (
  id INTEGER PRIMARY KEY,
  seconds INTEGER NOT NULL,
  nanoseconds INTEGER NOT NULL,
  bundle_id TEXT NOT NULL,
  sealed_seconds INTEGER NOT NULL,
  sealed_nanoseconds INTEGER NOT NULL,
  destination TEXT NOT NULL,
  rollback_reason TEXT NOT NULL,
  sum TEXT NOT NULL
) STRICT)",
    R"(CREATE TABLE import_signer (
  import INTEGER NOT NULL REFERENCES import,
  position INTEGER NOT NULL,
  signer TEXT NOT NULL,
  PRIMARY KEY (import, position)
) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE import_image (
  import INTEGER NOT NULL REFERENCES import,
  position INTEGER NOT NULL,
  reference TEXT NOT NULL,
  digest TEXT NOT NULL,
  role TEXT NOT NULL,
  imported_as TEXT NOT NULL,
  PRIMARY KEY (import, position)
) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE import_key (
  import INTEGER NOT NULL REFERENCES import,
  image INTEGER NOT NULL,
  position INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  PRIMARY KEY (import, image, position)
) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE whole (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  sum TEXT NOT NULL
) STRICT)",
    R"(CREATE TRIGGER seen_rises BEFORE UPDATE ON seen
WHEN NEW.version <= OLD.version OR NEW.root_identity <> OLD.root_identity OR NEW.gun <> OLD.gun OR NEW.role <> OLD.role
BEGIN SELECT RAISE(ABORT, 'versions never go down'); END)",
    R"(CREATE TRIGGER seen_stays BEFORE DELETE ON seen
BEGIN SELECT RAISE(ABORT, 'versions are never forgotten'); END)",
    R"(CREATE TRIGGER clock_rises BEFORE UPDATE ON clock
WHEN (NEW.seconds, NEW.nanoseconds) <= (OLD.seconds, OLD.nanoseconds)
BEGIN SELECT RAISE(ABORT, 'the clock floor never goes down'); END)",
    R"(CREATE TRIGGER clock_stays BEFORE DELETE ON clock
BEGIN SELECT RAISE(ABORT, 'the clock floor is never forgotten'); END)",
    R"(CREATE TRIGGER whole_stays BEFORE DELETE ON whole
BEGIN SELECT RAISE(ABORT, 'the checksum of the whole is never forgotten'); END)",
    R"(CREATE TRIGGER import_fixed BEFORE UPDATE ON import
BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END)",
    R"(CREATE TRIGGER import_stays BEFORE DELETE ON import
BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END)",
    R"(CREATE TRIGGER import_signer_fixed BEFORE UPDATE ON import_signer
BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END)",
    R"(CREATE TRIGGER import_signer_stays BEFORE DELETE ON import_signer
BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END)",
    R"(CREATE TRIGGER import_image_fixed BEFORE UPDATE ON import_image
BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END)",
    R"(CREATE TRIGGER import_image_stays BEFORE DELETE ON import_image
BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END)",
    R"(CREATE TRIGGER import_key_fixed BEFORE UPDATE ON import_key
BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END)",
    R"(CREATE TRIGGER import_key_stays BEFORE DELETE ON import_key
BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END)",
};

std::int64_t number(Database& database, const char* sql) {
  Query query(database, sql);
  return query.step() ? query.integer(0) : 0;
}

void check_marks(Database& database) {
  if (const int code = database.probe(); code != SQLITE_OK) database.fail(code);
  if (number(database, "PRAGMA application_id") != kApplicationId) {
    throw Error(ErrorCode::state_unavailable,
                database.path() + " is not a state database (an SQLite file of another program)",
                "name another file with --state");
  }
  const std::int64_t version = number(database, "PRAGMA user_version");
  if (version > kSchemaVersion) {
    throw Error(ErrorCode::state_unavailable,
                "state database " + database.path() + " is of version " + std::to_string(version) +
                    ", this gapstow knows " + std::to_string(kSchemaVersion),
                "use a newer gapstow");
  }
  if (version != kSchemaVersion) database.fail_damaged("version " + std::to_string(version));
}

void check_structure(Database& database) {
  Query query(database, "PRAGMA quick_check(1)");
  const std::string verdict = query.step() ? query.text(0) : "no answer";
  if (verdict != "ok") database.fail_damaged(verdict);
}

void check_schema(Database& database) {
  std::vector<std::string> found;
  Query query(database, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL");
  while (query.step()) found.push_back(query.text(0));
  std::vector<std::string> expected(kSchema.begin(), kSchema.end());
  std::ranges::sort(found);
  std::ranges::sort(expected);
  if (found != expected) database.fail_damaged("its tables are not those of a state database");
}

void check_rows(Database& database) {
  Query seen(database, "SELECT root_identity, gun, role, version, sha256, sum FROM seen");
  while (seen.step()) {
    if (seen.text(5) == seen_sum(seen.text(0), seen.text(1), seen.text(2), seen.integer(3), seen.text(4))) continue;
    database.fail_damaged("a remembered version does not have its checksum");
  }
  Query clock(database, "SELECT seconds, nanoseconds, sum, id FROM clock");
  while (clock.step()) {
    if (clock.integer(3) == 1 &&
        clock.text(2) == clock_sum({clock.integer(0), static_cast<std::int32_t>(clock.integer(1))}))
      continue;
    database.fail_damaged("the clock floor does not have its checksum");
  }
}

/// A row may be gone, or an older one have come back, with every checksum of its own in order.
void check_whole(Database& database) {
  Query query(database, "SELECT sum FROM whole");
  if (query.step() && query.text(0) == whole_sum(database)) return;
  database.fail_damaged("something that it remembered is gone");
}

/// Fields with their lengths in front, so that no two rows have one text.
class Fields {
 public:
  Fields& add(std::string_view text) {
    text_ += std::to_string(text.size()) + ":";
    text_ += text;
    return *this;
  }
  Fields& add(std::int64_t value) { return add(std::string_view(std::to_string(value))); }
  Fields& add(base::Time time) { return add(time.seconds).add(std::int64_t{time.nanoseconds}); }
  std::string sum() const { return digest::sha256(base::as_bytes(text_)).hex(); }

 private:
  std::string text_;
};

}  // namespace

void create_schema(Database& database) {
  Transaction transaction(database, Transaction::Kind::write);
  database.execute(kMarks);
  for (const std::string_view statement : kSchema) Query(database, statement).run();
  Query(database, "INSERT INTO whole (id, sum) VALUES (1, ?)").bind(whole_sum(database)).run();
  transaction.commit();
}

void examine(Database& database) {
  Transaction transaction(database, Transaction::Kind::read);
  check_marks(database);
  check_structure(database);
  check_schema(database);
  check_rows(database);
  check_whole(database);
  transaction.commit();
}

std::string seen_sum(std::string_view identity, std::string_view gun, std::string_view role, std::int64_t version,
                     std::string_view sha256) {
  return Fields().add("seen").add(identity).add(gun).add(role).add(version).add(sha256).sum();
}

std::string clock_sum(base::Time floor) { return Fields().add("clock").add(floor).sum(); }

std::string whole_sum(Database& database) {
  Fields fields;
  fields.add("state");
  Query seen(database, "SELECT sum FROM seen ORDER BY root_identity, gun, role");
  while (seen.step()) fields.add(seen.text(0));
  Query clock(database, "SELECT sum FROM clock");
  if (clock.step()) fields.add("clock").add(clock.text(0));
  Query last(database, "SELECT sum FROM import ORDER BY id DESC LIMIT 1");
  if (last.step()) fields.add("import").add(last.text(0));
  return fields.sum();
}

std::string record_sum(std::string_view previous, const HistoryRecord& record) {
  Fields fields;
  fields.add("import").add(previous).add(record.id).add(record.when).add(record.bundle_id).add(record.sealed_at);
  fields.add(record.destination).add(record.rollback_reason);
  fields.add(static_cast<std::int64_t>(record.signers.size()));
  for (const auto& signer : record.signers) fields.add(signer);
  fields.add(static_cast<std::int64_t>(record.images.size()));
  for (const auto& image : record.images) {
    fields.add(image.reference).add(image.digest).add(image.role).add(image.imported_as);
    fields.add(static_cast<std::int64_t>(image.key_ids.size()));
    for (const auto& key : image.key_ids) fields.add(key);
  }
  return fields.sum();
}

}  // namespace gapstow::trust
