#include "gapstow/base/atomic_file.h"

#include <catch2/catch.hpp>

#include "gapstow/base/error.h"
#include "support/error_of.h"
#include "support/temp_folder.h"

using namespace gapstow;
using namespace gapstow::base;

namespace {

/// The real file system, in which one chosen kind of call fails.
class FailingFs final : public WriteFs {
 public:
  enum class At { create, write, sync, rename, sync_folder };
  explicit FailingFs(At at) : at_(at) {}

  std::unique_ptr<File> open(const std::string& path) override { return real_.open(path); }
  std::optional<FileStatus> status(const std::string& path) override { return real_.status(path); }
  std::vector<std::string> list(const std::string& folder) override { return real_.list(folder); }
  std::unique_ptr<File> create(const std::string& path, std::uint32_t mode) override {
    fail_at(At::create);
    return std::make_unique<FailingFile>(*this, real_.create(path, mode));
  }
  std::unique_ptr<File> open_for_update(const std::string& path) override { return real_.open_for_update(path); }
  void rename(const std::string& from, const std::string& to) override {
    fail_at(At::rename);
    real_.rename(from, to);
  }
  void remove(const std::string& path) override { real_.remove(path); }
  void make_folder(const std::string& path, std::uint32_t mode) override { real_.make_folder(path, mode); }
  void sync_folder(const std::string& path) override {
    fail_at(At::sync_folder);
    real_.sync_folder(path);
  }

 private:
  class FailingFile final : public File {
   public:
    FailingFile(FailingFs& fs, std::unique_ptr<File> real) : fs_(fs), real_(std::move(real)) {}
    std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override { return real_->read_at(offset, out); }
    void write_at(std::uint64_t offset, ByteView bytes) override {
      fs_.fail_at(At::write);
      real_->write_at(offset, bytes);
    }
    std::uint64_t size() override { return real_->size(); }
    void sync() override {
      fs_.fail_at(At::sync);
      real_->sync();
    }
    void start_writeback(std::uint64_t offset, std::uint64_t length) override {
      real_->start_writeback(offset, length);
    }

   private:
    FailingFs& fs_;
    std::unique_ptr<File> real_;
  };

  void fail_at(At at) const {
    if (at == at_) throw Error(ErrorCode::io_write, "no space left on device");
  }

  SystemFs real_;
  At at_;
};

constexpr FailingFs::At kAll[] = {FailingFs::At::create, FailingFs::At::write, FailingFs::At::sync,
                                  FailingFs::At::rename, FailingFs::At::sync_folder};

}  // namespace

TEST_CASE("a committed file is there, nothing else is") {
  const test::TempFolder folder;
  SystemFs fs;
  {
    AtomicFile file(fs, folder / "a", 0640);
    file.file().write_at(0, as_bytes("abc"));
    CHECK(file.path() == folder / "a");
    CHECK_FALSE(fs.status(folder / "a").has_value());
    file.commit();
  }
  CHECK(fs.list(folder.path()) == std::vector<std::string>{"a"});
  CHECK(read_file(fs, folder / "a", 10) == to_bytes("abc"));
  CHECK(fs.status(folder / "a")->mode == 0640);
}

TEST_CASE("without a commit nothing is there, and an old file stays") {
  const test::TempFolder folder;
  SystemFs fs;
  write_file(fs, folder / "old", as_bytes("old"));
  {
    AtomicFile fresh(fs, folder / "new");
    AtomicFile replacing(fs, folder / "old");
    replacing.file().write_at(0, as_bytes("newer"));
  }
  CHECK(fs.list(folder.path()) == std::vector<std::string>{"old"});
  CHECK(read_file(fs, folder / "old", 10) == to_bytes("old"));
  write_file(fs, folder / "old", as_bytes("newer"));
  CHECK(read_file(fs, folder / "old", 10) == to_bytes("newer"));
}

TEST_CASE("whatever call fails, no file is under a new name and no temporary one stays") {
  for (const auto at : kAll) {
    CAPTURE(static_cast<int>(at));
    const test::TempFolder folder;
    FailingFs fs(at);
    REQUIRE_ERROR(io_write, write_file(fs, folder / "a", as_bytes("abc")));
    CHECK(fs.list(folder.path()).empty());
  }
}

TEST_CASE("whatever call fails, an old file is whole") {
  for (const auto at : kAll) {
    CAPTURE(static_cast<int>(at));
    const test::TempFolder folder;
    SystemFs real;
    write_file(real, folder / "a", as_bytes("old"));
    FailingFs fs(at);
    REQUIRE_ERROR(io_write, write_file(fs, folder / "a", as_bytes("new")));
    CHECK(fs.list(folder.path()) == std::vector<std::string>{"a"});
    const Bytes expected = to_bytes(at == FailingFs::At::sync_folder ? "new" : "old");
    CHECK(read_file(fs, folder / "a", 10) == expected);
  }
}

TEST_CASE("a folder under the name is not replaced") {
  const test::TempFolder folder;
  SystemFs fs;
  fs.make_folder(folder / "a", 0755);
  REQUIRE_ERROR(io_write, write_file(fs, folder / "a", as_bytes("x")));
  CHECK(fs.list(folder.path()) == std::vector<std::string>{"a"});
  REQUIRE_ERROR(io_write, write_file(fs, folder / "absent/a", as_bytes("x")));
}

TEST_CASE("temporary names stay in the folder, differ, and fit") {
  CHECK(parent_folder(temporary_name("/x/y/z")) == "/x/y");
  CHECK(parent_folder(temporary_name("/z")) == "/");
  CHECK(parent_folder(temporary_name("z")) == ".");
  CHECK(parent_folder(temporary_name("./z")) == ".");
  CHECK(file_name(temporary_name("/x/z")).rfind(".z.", 0) == 0);
  CHECK(temporary_name("z") != temporary_name("z"));

  const test::TempFolder folder;
  SystemFs fs;
  const std::string longest(255, 'n');
  write_file(fs, folder / longest, as_bytes("x"));
  CHECK(fs.list(folder.path()) == std::vector<std::string>{longest});
}
