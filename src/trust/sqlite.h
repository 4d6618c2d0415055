// SQLite with errors as exceptions and handles that close themselves. Every value is bound, never pasted into SQL.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gapstow::trust {

/// One open database file.
class Database {
 public:
  enum class Mode {
    read,
    read_write,
    read_immutable,  ///< without locks: for media that cannot be written at all
    create,          ///< a file that is there and empty
  };
  /// `path` for messages and for SQLite; never a URI or one of SQLite's special names. Error{state_unavailable}.
  Database(const std::string& path, Mode mode, std::chrono::milliseconds wait);

  /// Runs statements that return nothing.
  void execute(const char* sql);
  /// Undoes the open transaction as far as possible.
  void roll_back() noexcept;
  /// Writes what the open transaction has changed, so that its end has nothing left to fail for want of room or locks.
  void flush();
  /// The result code of a first look at the file: SQLITE_OK or what keeps it from being read.
  int probe();
  bool is_read_only() const { return sqlite3_db_readonly(handle_.get(), "main") == 1; }
  std::int64_t last_row_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  const std::string& path() const { return path_; }

  /// Throws the Error for a result code.
  [[noreturn]] void fail(int code) const;
  /// Error{state_unavailable} that says what is damaged and how to go on.
  [[noreturn]] void fail_damaged(const std::string& why) const;

 private:
  friend class Query;
  std::string reason_of(int code) const;
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// One prepared statement. bind() fills parameters from left to right; reset() begins anew.
class Query {
 public:
  Query(Database& database, std::string_view sql);

  Query& bind(std::int64_t value);
  Query& bind(std::string_view value);
  /// True while there is a row.
  bool step();
  /// step() for statements without rows, ready for the next bind().
  void run();
  void reset();
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

/// Rolled back unless committed.
class Transaction {
 public:
  /// For reading: everything is seen as of one commit. For writing: nobody else writes meanwhile.
  enum class Kind { read, write };
  Transaction(Database& database, Kind kind);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  /// On return the changes are on the medium.
  void commit();

 private:
  Database& database_;
};

}  // namespace gapstow::trust
