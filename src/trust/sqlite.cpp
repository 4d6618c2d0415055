#include "sqlite.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"

namespace gapstow::trust {
namespace {

using base::Error;
using base::ErrorCode;

/// An absolute path is none of SQLite's special names, such as ":memory:".
std::string absolute(const std::string& path) {
  std::error_code error;
  const auto full = std::filesystem::absolute(path, error);
  if (error || path.find('\0') != std::string::npos) {
    throw Error(ErrorCode::state_unavailable, "'" + path + "' cannot be the name of a state database");
  }
  return full.string();
}

std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    constexpr std::string_view kPlain = "/._-";
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != std::string_view::npos) {
      uri += c;
    } else {
      uri += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return uri + "?immutable=1";
}

/// Tells a disk that cannot take from one that cannot give.
bool failed_writing(int code) {
  constexpr std::array kWriting{SQLITE_IOERR_WRITE,  SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_TRUNCATE,
                                SQLITE_IOERR_DELETE, SQLITE_IOERR_CLOSE, SQLITE_IOERR_DIR_CLOSE, SQLITE_IOERR};
  return std::ranges::find(kWriting, code) != kWriting.end();
}

/// Settings that keep a damaged or prepared file from doing harm.
void harden(sqlite3* handle) {
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_exec(handle, "PRAGMA cell_size_check=ON", nullptr, nullptr, nullptr);
}

}  // namespace

Database::Database(const std::string& path, Mode mode, std::chrono::milliseconds wait) : path_(path) {
  const bool writes = mode == Mode::read_write || mode == Mode::create;
  const bool uri = mode == Mode::read_immutable;
  const std::string full = absolute(path);
  const int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | (uri ? SQLITE_OPEN_URI : 0) |
                    SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2((uri ? immutable_uri(full) : full).c_str(), &raw, flags, nullptr);
  handle_.reset(raw);
  if (code != SQLITE_OK) fail(code);
  sqlite3_busy_timeout(raw, base::checked_narrow<int>(wait.count()));
  harden(raw);
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

void Database::flush() {
  const int code = sqlite3_db_cacheflush(handle_.get());
  if (code != SQLITE_OK) fail(code);
}

void Database::roll_back() noexcept {
  // What made it necessary is on its way up; an unfinished journal is rolled back by the next who opens.
  sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

int Database::probe() {
  return sqlite3_exec(handle_.get(), "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr);
}

std::string Database::reason_of(int code) const {
  // Not every call leaves its failure in the handle.
  const bool is_last = handle_ && sqlite3_extended_errcode(handle_.get()) == code;
  std::string reason = is_last ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  const int cause = is_last ? sqlite3_system_errno(handle_.get()) : 0;
  const bool is_of_system = (code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN;
  if (is_of_system && cause != 0) reason += " (" + std::generic_category().message(cause) + ")";
  return reason;
}

void Database::fail(int code) const {
  const std::string reason = reason_of(code);
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(ErrorCode::state_unavailable, "another import is running (" + path_ + " is locked)",
                  "try again when it has finished");
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:  // what the file holds cannot be worked with: the statements are right
    case SQLITE_FORMAT:
    case SQLITE_SCHEMA:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      fail_damaged(reason);
    case SQLITE_NOTADB:
      throw Error(ErrorCode::state_unavailable, path_ + " is not a state database", "name another file with --state");
    case SQLITE_IOERR:
      if (!failed_writing(code)) {
        throw Error(
            ErrorCode::state_unavailable, "state database " + path_ + ": " + reason,
            "see to what is wrong with the disk; if the file cannot be read any more, restore it from a backup");
      }
      [[fallthrough]];
    case SQLITE_FULL:
      throw Error(ErrorCode::io_write, "state database " + path_ + ": " + reason,
                  "make room on the disk or see to what is wrong with it, then run the same command again");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw Error(ErrorCode::state_unavailable, "state database " + path_ + ": " + reason,
                  "the file and its folder must be writable for who imports here");
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
      throw Error(ErrorCode::internal, "state database " + path_ + ": " + reason);
    default:
      throw Error(ErrorCode::state_unavailable, "state database " + path_ + ": " + reason,
                  "try again; if that does not help, restore it from a backup");
  }
}

void Database::fail_damaged(const std::string& why) const {
  throw Error(ErrorCode::state_unavailable, "state database " + path_ + " is damaged: " + why,
              "restore it from a backup; or move it aside (mv " + path_ + " " + path_ +
                  ".damaged): then the versions seen, the clock floor and the history are lost, and older bundles are "
                  "accepted again until newer ones were imported");
}

Query::Query(Database& database, std::string_view sql) : database_(database) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(database.handle_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  statement_.reset(raw);
  if (code != SQLITE_OK) database.fail(code);
}

Query& Query::bind(std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), ++bound_, value);
  if (code != SQLITE_OK) database_.fail(code);
  return *this;
}

Query& Query::bind(std::string_view value) {
  // A null pointer would bind NULL; an empty view may have one.
  const char* data = value.data() != nullptr ? value.data() : "";
  const int code = sqlite3_bind_text64(statement_.get(), ++bound_, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) database_.fail(code);
  return *this;
}

bool Query::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail(code);
  return false;
}

void Query::run() {
  while (step()) {
  }
  reset();
}

void Query::reset() {
  sqlite3_reset(statement_.get());
  bound_ = 0;
}

std::string Query::text(int column) const {
  const auto* data = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  database.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED");
}

Transaction::~Transaction() {
  if (!database_.in_transaction()) return;  // committed, or rolled back by SQLite itself
  database_.roll_back();
}

void Transaction::commit() { database_.execute("COMMIT"); }

}  // namespace gapstow::trust
