#include "support/faulty_disk.h"

#include <sqlite3.h>

#include <new>

namespace gapstow::test {

/// An SQLite file system in front of the real one.
struct FaultyDisk::Parts {
  Kind kind = Kind::once;
  std::uint64_t fail_at = 0;
  std::uint64_t calls = 0;
  sqlite3_vfs* real = nullptr;
  sqlite3_vfs front{};

  bool fails() {
    if (kind == Kind::reading) return false;
    ++calls;
    return fail_at != 0 && (kind == Kind::once ? calls == fail_at : calls >= fail_at);
  }
  bool fails_reading() {
    if (kind != Kind::reading) return false;
    ++calls;
    return fail_at != 0 && calls >= fail_at;
  }
};

namespace {

/// A file of the front; that of the real file system stands right behind it.
template <typename Parts>
struct FrontFile {
  sqlite3_file base;
  Parts* parts;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

template <typename Parts>
struct Calls {
  using File = FrontFile<Parts>;

  static File* self(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static Parts* parts_of(sqlite3_vfs* vfs) { return static_cast<Parts*>(vfs->pAppData); }

  /// Forwards a method of files as it is.
  template <auto method, typename... Arguments>
  static int forward(sqlite3_file* file, Arguments... arguments) {
    auto* real = self(file)->real();
    return (real->pMethods->*method)(real, arguments...);
  }

  /// As forward(), where the disk still takes.
  template <auto method, int code, typename... Arguments>
  static int change(sqlite3_file* file, Arguments... arguments) {
    if (self(file)->parts->fails()) return code;
    return forward<method, Arguments...>(file, arguments...);
  }

  static int read(sqlite3_file* file, void* out, int count, sqlite3_int64 at) {
    if (self(file)->parts->fails_reading()) return SQLITE_IOERR_READ;
    auto* real = self(file)->real();
    return real->pMethods->xRead(real, out, count, at);
  }

  static int close(sqlite3_file* file) {
    auto* real = self(file)->real();
    return real->pMethods != nullptr ? real->pMethods->xClose(real) : SQLITE_OK;
  }

  static const sqlite3_io_methods& methods() {
    using M = sqlite3_io_methods;
    using Bytes = sqlite3_int64;
    static const M table{1,
                         &close,
                         &read,
                         &change<&M::xWrite, SQLITE_FULL, const void*, int, Bytes>,
                         &change<&M::xTruncate, SQLITE_IOERR_TRUNCATE, Bytes>,
                         &change<&M::xSync, SQLITE_IOERR_FSYNC, int>,
                         &forward<&M::xFileSize, Bytes*>,
                         &forward<&M::xLock, int>,
                         &forward<&M::xUnlock, int>,
                         &forward<&M::xCheckReservedLock, int*>,
                         &forward<&M::xFileControl, int, void*>,
                         &forward<&M::xSectorSize>,
                         &forward<&M::xDeviceCharacteristics>,
                         nullptr,
                         nullptr,
                         nullptr,
                         nullptr,
                         nullptr,
                         nullptr};
    return table;
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* parts = parts_of(vfs);
    auto* mine = new (file) File{{nullptr}, parts};
    if ((flags & SQLITE_OPEN_CREATE) != 0 && parts->fails()) return SQLITE_CANTOPEN;
    const int code = parts->real->xOpen(parts->real, name, mine->real(), flags, out_flags);
    if (code == SQLITE_OK) mine->base.pMethods = &methods();
    return code;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int sync) {
    auto* parts = parts_of(vfs);
    return parts->fails() ? SQLITE_IOERR_DELETE : parts->real->xDelete(parts->real, name, sync);
  }
};

}  // namespace

FaultyDisk::FaultyDisk(Kind kind, std::uint64_t fail_at) : parts_(std::make_unique<Parts>()) {
  parts_->kind = kind;
  parts_->fail_at = fail_at;
  parts_->real = sqlite3_vfs_find(nullptr);
  // The other methods of the real one look at nothing of theirs, so they may be called with this.
  parts_->front = *parts_->real;
  parts_->front.zName = "faulty disk";
  parts_->front.pAppData = parts_.get();
  parts_->front.szOsFile = static_cast<int>(sizeof(FrontFile<Parts>)) + parts_->real->szOsFile;
  parts_->front.xOpen = &Calls<Parts>::open;
  parts_->front.xDelete = &Calls<Parts>::remove;
  sqlite3_vfs_register(&parts_->front, 1);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&parts_->front);
  sqlite3_vfs_register(parts_->real, 1);
}

std::uint64_t FaultyDisk::calls() const { return parts_->calls; }

}  // namespace gapstow::test
