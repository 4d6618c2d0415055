#include "gapstow/base/fs.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/error_of.h"
#include "support/temp_folder.h"

using namespace gapstow;
using namespace gapstow::base;

namespace {

void put(SystemFs& fs, const std::string& path, std::string_view text) {
  fs.create(path, 0644)->write_at(0, as_bytes(text));
}

}  // namespace

TEST_CASE("files are written and read at positions") {
  const test::TempFolder folder;
  SystemFs fs;
  const auto file = fs.create(folder / "a", 0600);
  file->write_at(3, as_bytes("def"));
  file->write_at(0, as_bytes("abc"));
  file->start_writeback(0, 6);
  file->sync();
  CHECK(file->size() == 6);
  Bytes out(10);
  CHECK(file->read_at(2, out) == 4);
  CHECK(as_text(ByteView(out).first(4)) == "cdef");
  CHECK(file->read_at(6, out) == 0);
  CHECK(file->read_at(1'000'000, out) == 0);
  CHECK(file->read_at(UINT64_MAX, out) == 0);
  CHECK(file->read_at(0, {}) == 0);
  REQUIRE_ERROR(io_write, file->write_at(UINT64_MAX, as_bytes("x")));
  CHECK(fs.status(folder / "a")->mode == 0600);
}

TEST_CASE("what cannot be opened says why") {
  const test::TempFolder folder;
  SystemFs fs;
  put(fs, folder / "file", "x");
  REQUIRE_ERROR(not_found, fs.open(folder / "absent"));
  REQUIRE_ERROR(not_found, fs.open(folder / "file/below"));
  REQUIRE_ERROR(io_read, fs.open(folder.path()));
  REQUIRE_ERROR(conflict, fs.create(folder / "file", 0644));
  REQUIRE_ERROR(io_write, fs.create(folder / "absent/file", 0644));
  REQUIRE_ERROR(not_found, fs.list(folder / "absent"));
  REQUIRE_ERROR(io_write, fs.remove(folder / "absent"));
  REQUIRE_ERROR(io_write, fs.rename(folder / "absent", folder / "x"));
  REQUIRE_ERROR(conflict, fs.make_folder(folder / "file", 0755));
  REQUIRE_ERROR(io_write, fs.sync_folder(folder / "absent"));
  REQUIRE_ERROR(io_write, fs.open(folder / "file")->write_at(0, as_bytes("y")));
}

TEST_CASE("a regular file is opened for update in place, nothing else is") {
  const test::TempFolder folder;
  SystemFs fs;
  put(fs, folder / "a", "abc");
  const auto file = fs.open_for_update(folder / "a");
  file->write_at(1, as_bytes("X"));
  CHECK(read_file(fs, folder / "a", 10) == to_bytes("aXc"));
  REQUIRE_ERROR(not_found, fs.open_for_update(folder / "absent"));
  REQUIRE_ERROR(io_write, fs.open_for_update(folder.path()));
  REQUIRE_ERROR(io_write, fs.open_for_update("/dev/null"));
  REQUIRE_ERROR(malformed, fs.open_for_update((folder / "a") + std::string(1, '\0')));
}

TEST_CASE("a path with a NUL names nothing") {
  const test::TempFolder folder;
  SystemFs fs;
  put(fs, folder / "file", "x");
  const std::string path = (folder / "file") + std::string("\0.txt", 5);
  REQUIRE_ERROR(malformed, fs.open(path));
  REQUIRE_ERROR(malformed, fs.status(path));
  REQUIRE_ERROR(malformed, fs.create(path, 0644));
  REQUIRE_ERROR(malformed, fs.remove(path));
  CHECK(fs.status(folder / "file").has_value());
}

TEST_CASE("a new file does not follow a link") {
  const test::TempFolder folder;
  SystemFs fs;
  std::filesystem::create_symlink(folder / "elsewhere", folder / "link");
  REQUIRE_ERROR(conflict, fs.create(folder / "link", 0644));
  CHECK_FALSE(fs.status(folder / "elsewhere").has_value());
}

TEST_CASE("folders are made, listed in order and removed") {
  const test::TempFolder folder;
  SystemFs fs;
  fs.make_folder(folder / "sub", 0755);
  for (const char* name : {"c", "a", "b", "B"}) put(fs, folder / "sub/" + std::string(name), "x");
  CHECK(fs.list(folder / "sub") == std::vector<std::string>{"B", "a", "b", "c"});
  CHECK(fs.status(folder / "sub")->kind == FileStatus::Kind::folder);
  CHECK(fs.status(folder / "sub/a")->kind == FileStatus::Kind::regular);
  CHECK(fs.status(folder / "sub/a")->size == 1);
  CHECK(fs.status("/dev/null")->kind == FileStatus::Kind::other);
  CHECK_FALSE(fs.status(folder / "sub/absent").has_value());
  CHECK_FALSE(fs.status(folder / "sub/a/below").has_value());
  REQUIRE_ERROR(io_write, fs.remove(folder / "sub"));
  fs.rename(folder / "sub/a", folder / "sub/b");
  for (const char* name : {"B", "b", "c"}) fs.remove(folder / "sub/" + std::string(name));
  fs.sync_folder(folder / "sub");
  fs.remove(folder / "sub");
  CHECK_FALSE(fs.status(folder / "sub").has_value());
}

TEST_CASE("file sources and sinks keep to their range") {
  const test::TempFolder folder;
  SystemFs fs;
  const auto file = fs.create(folder / "a", 0644);
  FileSink sink(*file, 2);
  sink.write(as_bytes("cd"));
  sink.write(as_bytes("ef"));
  sink.finish();
  FileSource range(*file, 3, 2);
  CHECK(read_all(range, 10) == to_bytes("de"));
  FileSource rest(*file, 5);
  CHECK(read_all(rest, 10) == to_bytes("f"));
  FileSource nothing(*file, 0, 0);
  CHECK(read_all(nothing, 10).empty());
}

TEST_CASE("a small file is read whole, within a limit") {
  const test::TempFolder folder;
  SystemFs fs;
  put(fs, folder / "a", "abc");
  CHECK(read_file(fs, folder / "a", 3) == to_bytes("abc"));
  REQUIRE_ERROR(limit_exceeded, read_file(fs, folder / "a", 2));
  REQUIRE_ERROR(not_found, read_file(fs, folder / "b", 2));
}

TEST_CASE("paths are cut as dirname and basename cut them") {
  struct Row {
    const char* path;
    const char* folder;
    const char* name;
  };
  constexpr Row kRows[] = {{"a", ".", "a"},   {"a/b", "a", "b"},       {"/a", "/", "a"},   {"/a/b", "/a", "b"},
                           {"a/", ".", "a"},  {"a/b//", "a", "b"},     {"a//b", "a", "b"}, {"/", "/", ""},
                           {"//", "/", ""},   {"", ".", ""},           {"./a", ".", "a"},  {"../a", "..", "a"},
                           {"//a", "/", "a"}, {"/a/b/c/", "/a/b", "c"}};
  for (const auto& [path, folder, name] : kRows) {
    CAPTURE(path);
    CHECK(parent_folder(path) == folder);
    CHECK(file_name(path) == name);
  }
}
