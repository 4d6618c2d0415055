// Opening the state: nothing that is not ours is ever written to, and a new file appears whole or not at all.
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "folders.h"
#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/base/fs.h"
#include "gapstow/trust/state.h"
#include "state_schema.h"
#include "state_sqlite.h"

namespace gapstow::trust {
namespace {

using base::Error;
using base::ErrorCode;
using base::FileStatus;
using base::SystemFs;
using Wait = std::chrono::milliseconds;

constexpr const char* kSettings =
    "PRAGMA synchronous=EXTRA; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA journal_mode=DELETE";

/// Whatever keeps the file from being reached is one kind of failure for callers.
template <typename Body>
auto unavailable(Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::state_unavailable || error.code() == ErrorCode::io_write) throw;
    throw Error(ErrorCode::state_unavailable, "state database: " + error.line(), error.hint());
  }
}

/// A journal without its database: the database was lost or moved. A new one would have the pages of the old one
/// written into it.
void refuse_orphaned_journal(const std::string& path) {
  for (const char* ending : {"-journal", "-wal"}) {
    const std::string journal = path + ending;
    if (!SystemFs().status(journal)) continue;
    // Another run begins the database at this moment: it makes the file before its journal.
    if (SystemFs().status(path)) return;
    throw Error(ErrorCode::state_unavailable, path + " is gone, but " + journal + " is there",
                "put the database back beside it; or, to begin anew, move it to where the database went (mv " +
                    journal + " " + path + ".damaged" + ending + ")");
  }
}

/// Nothing is there: a link to a place that is gone, or a file in the way, must not pass for a site that has seen
/// nothing.
void refuse_lost(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_symlink(path, unknown)) {
    throw Error(ErrorCode::state_unavailable, path + " is a link to a file that is not there",
                "bring back what it leads to (is a disk not mounted?), or remove the link");
  }
  for (std::string folder = base::parent_folder(path);; folder = base::parent_folder(folder)) {
    const auto status = SystemFs().status(folder);
    if (status && status->kind != FileStatus::Kind::folder) {
      throw Error(ErrorCode::state_unavailable, folder + " is not a folder, so " + path + " cannot be in it",
                  "name another file with --state");
    }
    if (status || folder == base::parent_folder(folder)) break;
  }
  refuse_orphaned_journal(path);
}

/// What is there, if it can be a database at all. An empty file cannot: new databases are never empty, so something
/// was lost.
bool is_there(const std::string& path) {
  const auto status = SystemFs().status(path);
  if (!status) {
    refuse_lost(path);
    return false;
  }
  if (status->kind != FileStatus::Kind::regular) {
    throw Error(ErrorCode::state_unavailable, path + " is not a file", "name another file with --state");
  }
  if (status->size == 0) {
    throw Error(ErrorCode::state_unavailable, path + " is empty, which no state database is",
                "restore it from a backup; or remove it when there never was one");
  }
  return true;
}

bool on_read_only_medium(const std::string& path) {
  struct statvfs info{};
  return ::statvfs(path.c_str(), &info) == 0 && (info.f_flag & ST_RDONLY) != 0;
}

/// A journal beside the file is an import that was cut short: it is undone first, which needs the right to write. On a
/// medium that cannot be written, and then only, locks may fail and nobody can interfere.
Database open_to_read(const std::string& path, Wait wait) {
  Database database(path, Database::Mode::read, wait);
  const int code = database.probe();
  if (code == SQLITE_READONLY_ROLLBACK || code == SQLITE_READONLY_RECOVERY || code == SQLITE_CANTOPEN) {
    Database repaired(path, Database::Mode::read_write, wait);
    if (!repaired.is_read_only() && repaired.probe() == SQLITE_OK) return repaired;
    throw Error(ErrorCode::state_unavailable, "an import was cut short and " + path + " must be put right first",
                "run any gapstow command with --state " + path + " as a user who may write the file and its folder");
  }
  const bool journal = SystemFs().status(path + "-journal").has_value();
  if ((code & 0xFF) == SQLITE_IOERR && on_read_only_medium(path) && !journal) {
    return {path, Database::Mode::read_immutable, wait};
  }
  return database;
}

std::unique_ptr<State> open_for_reading(const std::string& path, Wait wait) {
  Database database = open_to_read(path, wait);
  database.execute("PRAGMA query_only=ON");
  examine(database);
  return std::make_unique<SqliteState>(std::move(database));
}

std::unique_ptr<State> open_for_writing(const std::string& path, Wait wait) {
  Database database(path, Database::Mode::read_write, wait);
  examine(database);
  if (database.is_read_only()) database.fail(SQLITE_READONLY);
  database.execute(kSettings);
  return std::make_unique<SqliteState>(std::move(database));
}

/// Gives a file its final name unless that is taken; false when it is.
bool publish(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EINVAL || errno == ENOSYS) {  // not every file system can
    if (::link(from.c_str(), to.c_str()) == 0) {
      ::unlink(from.c_str());
      return true;
    }
  }
  if (errno == EEXIST) return false;
  throw Error(ErrorCode::state_unavailable, "cannot create " + to + ": " + std::generic_category().message(errno));
}

/// A whole database under a temporary name, then the final name; when another run was quicker, its file is taken.
void create(const std::string& path, Wait wait) {
  SystemFs fs;
  const std::string folder = base::parent_folder(path);
  make_folders(fs, folder, 0700);
  const std::string temporary = base::temporary_name(path);
  fs.create(temporary, 0600);
  try {
    {
      Database database(temporary, Database::Mode::create, wait);
      database.execute(kSettings);
      create_schema(database);
    }
    if (!publish(temporary, path)) fs.remove(temporary);
    fs.sync_folder(folder);
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    ::unlink((temporary + "-journal").c_str());
    throw;
  }
}

}  // namespace

std::unique_ptr<State> State::open_existing(const std::string& path, Wait wait) {
  return unavailable([&]() -> std::unique_ptr<State> {
    if (!is_there(path)) return nullptr;
    return open_for_reading(path, wait);
  });
}

std::unique_ptr<State> State::open_or_create(const std::string& path, Wait wait) {
  return unavailable([&] {
    if (!is_there(path)) create(path, wait);
    return open_for_writing(path, wait);
  });
}

std::string default_state_path() {
  const auto folder_in = [](const char* variable) -> std::string {
    const char* value = std::getenv(variable);
    return value != nullptr && value[0] == '/' ? value : "";
  };
  const std::string file = "/gapstow/state.db";
  if (const std::string folder = folder_in("XDG_STATE_HOME"); !folder.empty()) return folder + file;
  if (::geteuid() == 0) return "/var/lib" + file;
  if (const std::string home = folder_in("HOME"); !home.empty()) return home + "/.local/state" + file;
  throw Error(ErrorCode::state_unavailable, "neither XDG_STATE_HOME nor HOME names a folder",
              "name the state database with --state");
}

}  // namespace gapstow::trust
