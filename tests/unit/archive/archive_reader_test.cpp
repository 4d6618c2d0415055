#include "gapstow/archive/archive_reader.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/error.h"
#include "gapstow/base/fs.h"
#include "support/error_of.h"
#include "support/tar_maker.h"
#include "support/temp_folder.h"

using namespace gapstow;
using archive::ArchiveLimits;
using archive::ArchiveReader;
using base::ErrorCode;
using test::MemoryFs;
using test::TarHeader;
using test::TarMaker;

namespace {

using Contents = std::map<std::string, std::string>;

std::string content(ArchiveReader& reader, const std::string& name) {
  const auto* member = reader.find(name);
  REQUIRE(member != nullptr);
  return test::drain(*reader.open_member(*member));
}

/// Names and contents of all regular members.
Contents read_archive(std::string bytes, const ArchiveLimits& limits = {}) {
  MemoryFs fs("a.tar", std::move(bytes));
  const auto reader = ArchiveReader::open(fs, "a.tar", limits);
  Contents contents;
  for (const auto& member : reader->members()) {
    if (member.link.empty()) contents[member.name] = test::drain(*reader->open_member(member));
  }
  return contents;
}

/// The classes that plain, gzip and zstd forms of an archive are refused with; they must agree.
ErrorCode refusal(const std::string& bytes) {
  const auto plain = test::error_of([&] { read_archive(bytes); });
  REQUIRE(plain);
  CHECK(test::error_of([&] { read_archive(test::gzip(bytes)); }) == plain);
  CHECK(test::error_of([&] { read_archive(test::zstd(bytes)); }) == plain);
  return *plain;
}

TarHeader header(char type, const std::string& name = "a") {
  TarHeader made;
  made.name = name;
  made.type = type;
  return made;
}

std::string small_tar() {
  return TarMaker()
      .folder("blobs/")
      .file("blobs/one", "first content")
      .file("blobs/two", std::string(700, 'x'))
      .symlink("link", "blobs/one")
      .file("last", "end")
      .finish();
}

const Contents kSmall = {{"blobs/one", "first content"}, {"blobs/two", std::string(700, 'x')}, {"last", "end"}};

}  // namespace

TEST_CASE("Plain, gzip and zstd archives give the same members", "[archive]") {
  CHECK(read_archive(small_tar()) == kSmall);
  CHECK(read_archive(test::gzip(small_tar())) == kSmall);
  CHECK(read_archive(test::gzip_stored(small_tar())) == kSmall);
  CHECK(read_archive(test::zstd(small_tar())) == kSmall);
  CHECK(read_archive(TarMaker().finish()).empty());
  CHECK(read_archive(TarMaker().file("a", "").finish(18)) == Contents{{"a", ""}});
}

TEST_CASE("Our own canonical headers are read", "[archive]") {
  std::string bytes(base::as_text(archive::make_header("blobs/sha256/abc", 3)));
  bytes += "abc" + std::string(509 + 1024, '\0');
  CHECK(read_archive(bytes) == Contents{{"blobs/sha256/abc", "abc"}});
}

TEST_CASE("A plain archive is listed by its headers alone", "[archive]") {
  TarMaker maker;
  for (int i = 0; i < 8; ++i) maker.file("f" + std::to_string(i), std::string(1 << 20, 'x'));
  MemoryFs fs("a.tar", maker.finish());
  const auto reader = ArchiveReader::open(fs, "a.tar");
  CHECK(reader->members().size() == 8);
  CHECK(reader->is_parallel());
  CHECK(fs.bytes_read() < (1U << 20));
}

TEST_CASE("Members of a plain archive are read from several threads", "[archive]") {
  TarMaker maker;
  for (char c = 'a'; c < 'i'; ++c) maker.file(std::string(1, c), std::string(300'000, c));
  MemoryFs fs("a.tar", maker.finish());
  const auto reader = ArchiveReader::open(fs, "a.tar");
  std::vector<std::string> contents(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] { contents[i] = test::drain(*reader->open_member(reader->members()[i])); });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < 8; ++i) CHECK(contents[i] == std::string(300'000, static_cast<char>('a' + i)));
}

TEST_CASE("Members of a compressed archive are read in any order, several at a time", "[archive]") {
  const std::string big(400'000, 'b');
  const std::string bytes = TarMaker().file("a", std::string(300'000, 'a')).file("b", big).file("c", "small").finish();
  for (const auto& packed : {test::gzip(bytes), test::zstd(bytes)}) {
    MemoryFs fs("a.tar", packed);
    const auto reader = ArchiveReader::open(fs, "a.tar");
    CHECK_FALSE(reader->is_parallel());
    CHECK(content(*reader, "b") == big);
    CHECK(content(*reader, "a") == std::string(300'000, 'a'));
    CHECK(content(*reader, "c") == "small");
    const auto first = reader->open_member(*reader->find("b"));
    std::byte one{};
    REQUIRE(first->read({&one, 1}) == 1);
    CHECK(content(*reader, "b") == big);
    CHECK(test::drain(*first).size() == big.size() - 1);
  }
}

TEST_CASE("Names are normalised, and two that become one are refused", "[archive]") {
  CHECK(read_archive(TarMaker().folder("./").file("./x/y", "1").file("z", "2").finish()) ==
        Contents{{"x/y", "1"}, {"z", "2"}});
  CHECK(refusal(TarMaker().file("x", "1").file("./x", "1").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().file("x", "1").symlink("x", "y").finish()) == ErrorCode::malformed);
}

TEST_CASE("Hostile names are refused", "[archive]") {
  for (const char* name : {"/etc/passwd", "../x", "a/../../x", "a/..", "a//b", "a\nb", "a\x7f", "\xff\xfe", "."}) {
    INFO(name);
    CHECK(refusal(TarMaker().file(name, "x").finish()) == ErrorCode::malformed);
  }
  CHECK(refusal(TarMaker().folder("../").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().gnu_long("/abs").file("x", "1").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().pax({{"path", "../up"}}).file("x", "1").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().pax({{"path", std::string("a\0b", 3)}}).file("x", "1").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().gnu_long(std::string_view("a\0b", 3)).file("x", "1").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().file("", "x").finish()) == ErrorCode::malformed);
}

TEST_CASE("Long names of both kinds are read", "[archive]") {
  const std::string name = std::string(90, 'd') + "/" + std::string(120, 'n');
  CHECK(read_archive(TarMaker().gnu_long(name).file("short", "1").finish()) == Contents{{name, "1"}});
  CHECK(read_archive(TarMaker().pax({{"path", name}, {"mtime", "1.5"}}).file("short", "1").finish()) ==
        Contents{{name, "1"}});
  TarHeader split = header('0', std::string(80, 'n'));
  split.prefix = "folder/inside";
  split.size = 1;
  CHECK(read_archive(TarMaker().member(split, "1").finish()) ==
        Contents{{"folder/inside/" + std::string(80, 'n'), "1"}});
  CHECK(refusal(TarMaker().gnu_long(std::string(2000, 'x')).file("x", "1").finish()) == ErrorCode::limit_exceeded);
}

TEST_CASE("Links within the archive are followed", "[archive]") {
  MemoryFs fs("a.tar", TarMaker()
                           .file("id/layer.tar", "layer")
                           .symlink("other/layer.tar", "../id/layer.tar")
                           .hardlink("third/layer.tar", "other/layer.tar")
                           .symlink("loop", "loop2")
                           .symlink("loop2", "loop")
                           .symlink("nowhere", "missing")
                           .finish());
  const auto reader = ArchiveReader::open(fs, "a.tar");
  CHECK(content(*reader, "other/layer.tar") == "layer");
  CHECK(content(*reader, "third/layer.tar") == "layer");
  CHECK(reader->find("loop") == nullptr);
  CHECK(reader->find("nowhere") == nullptr);
  CHECK(reader->find("absent") == nullptr);
}

TEST_CASE("Links that leave the archive are refused", "[archive]") {
  CHECK(refusal(TarMaker().symlink("a", "/etc/passwd").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().symlink("a", "../x").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().symlink("d/a", "../../x").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().hardlink("a", "/x").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().hardlink("a", "../x").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().symlink("a", "").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().symlink("a", ".").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().pax({{"linkpath", std::string("b\0c", 3)}}).symlink("a", "b").finish()) ==
        ErrorCode::malformed);
}

TEST_CASE("Devices, pipes and sparse files are refused", "[archive]") {
  for (const char type : {'3', '4', '6'}) {
    CHECK(refusal(TarMaker().member(header(type)).finish()) == ErrorCode::malformed);
  }
  TarHeader sparse = header('S');
  sparse.size = 1;
  CHECK(refusal(TarMaker().member(sparse, "x").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker()
                    .pax({{"GNU.sparse.major", "1"},
                          {"GNU.sparse.minor", "0"},
                          {"GNU.sparse.name", "real"},
                          {"GNU.sparse.realsize", "4096"}})
                    .file("x", "1\n0\n1\n" + std::string(506, '\0') + "x")
                    .finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().pax({{"GNU.sparse.size", "10"}, {"GNU.sparse.map", "0,1"}}).file("x", "1").finish()) ==
        ErrorCode::malformed);
}

TEST_CASE("Extended headers that readers take differently are refused", "[archive]") {
  CHECK(refusal(TarMaker().pax({{"path", "b"}}, 'g').file("a", "1").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().pax({{"size", "1"}}, 'g').file("a", "1").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().pax({{"path", "b"}, {"path", "c"}}).file("a", "1").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().pax({{"size", "1"}, {"size", "1"}}).file("a", "1").finish()) == ErrorCode::malformed);
  CHECK(read_archive(TarMaker().pax({{"comment", "c0ffee"}}, 'g').file("a", "1").finish()) == Contents{{"a", "1"}});
  TarHeader damaged = header('x');
  damaged.size = 10;
  CHECK(refusal(TarMaker().member(damaged, "99 path=b\n").file("a", "1").finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().member(damaged, "10 path-b\n").file("a", "1").finish()) == ErrorCode::malformed);
}

TEST_CASE("Sizes that lie are refused", "[archive]") {
  TarHeader lying = header('0');
  lying.size = 5000;
  CHECK(refusal(TarMaker().member(lying, "x").finish()) == ErrorCode::truncated);
  lying.size = 600;
  CHECK(refusal(TarMaker().member(lying, "x").file("b", std::string(600, 'y')).finish()) == ErrorCode::malformed);
  lying.size = 0;
  CHECK(refusal(TarMaker().member(lying, "content").finish()) == ErrorCode::malformed);
  lying.size_field = "7777777777777";
  CHECK(test::error_of([&] { read_archive(TarMaker().member(lying, "x").finish()); }));
  lying.size_field = std::string("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
  CHECK(test::error_of([&] { read_archive(TarMaker().member(lying, "x").finish()); }));
  lying.size_field = std::string(12, '\xff');
  CHECK(test::error_of([&] { read_archive(TarMaker().member(lying, "x").finish()); }));
  for (const char* size : {"-1", "99999999999999999999", "5000", "9223372036854775807", "x"}) {
    INFO(size);
    CHECK(test::error_of([&] { read_archive(TarMaker().pax({{"size", size}}).file("a", "1").finish()); }));
  }
  // A pax size that is true wins over a field that says nothing.
  TarHeader large = header('0');
  CHECK(read_archive(TarMaker().pax({{"size", "3"}}).member(large, "abc").finish()) == Contents{{"a", "abc"}});
}

TEST_CASE("Damaged headers and foreign files are refused", "[archive]") {
  TarHeader wrong = header('0');
  wrong.checksum_error = 1;
  CHECK(refusal(TarMaker().member(wrong).finish()) == ErrorCode::malformed);
  CHECK(refusal(TarMaker().file("a", "1").member(wrong).finish()) == ErrorCode::malformed);
  CHECK(refusal(std::string(4096, 'x')) == ErrorCode::malformed);
  CHECK(refusal("short") == ErrorCode::truncated);
  CHECK(test::error_of([] { read_archive(""); }) == ErrorCode::truncated);
  CHECK(test::error_of([] { read_archive("BZh91AY&SY"); }) == ErrorCode::unsupported);
  CHECK(test::error_of([] {
          read_archive(
              std::string("\xfd"
                          "7zXZ\0....",
                          10));
        }) == ErrorCode::unsupported);
  TarHeader folder = header('5', "d/");
  folder.size = 5;
  CHECK(refusal(TarMaker().member(folder, "12345").finish()) == ErrorCode::malformed);
}

TEST_CASE("What follows the end of the archive must be zero", "[archive]") {
  const std::string good = small_tar();
  CHECK(read_archive(good + std::string(8192, '\0')) == kSmall);
  CHECK(read_archive(good + std::string(100, '\0')) == kSmall);
  CHECK(refusal(good + "x") == ErrorCode::malformed);
  CHECK(refusal(good + std::string(300'000, '\0') + "x") == ErrorCode::malformed);
  CHECK(refusal(good + good) == ErrorCode::malformed);
  CHECK(refusal(good + std::string(4 << 20, '\0')) == ErrorCode::malformed);
}

TEST_CASE("An archive cut at any length is refused", "[archive]") {
  const std::string good = small_tar();
  for (std::size_t length = 0; length < good.size(); ++length) {
    INFO(length);
    const auto code = test::error_of([&] { read_archive(good.substr(0, length)); });
    REQUIRE(code == ErrorCode::truncated);
  }
  for (const auto& packed : {test::gzip(good), test::zstd(good), test::gzip_stored(good)}) {
    for (std::size_t length = 0; length < packed.size(); ++length) {
      INFO(length);
      REQUIRE(test::error_of([&] { read_archive(packed.substr(0, length)); }));
    }
  }
}

TEST_CASE("A flipped bit never gives other content than an error or a visible change", "[archive]") {
  const std::string good = TarMaker().file("a", "content").finish();
  for (const auto& packed : {test::gzip(good), test::gzip_stored(good)}) {
    for (std::size_t bit = 0; bit < packed.size() * 8; ++bit) {
      std::string bad = packed;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
      Contents contents;
      if (!test::error_of([&] { contents = read_archive(bad); })) {
        INFO(bit);
        REQUIRE(contents == Contents{{"a", "content"}});
      }
    }
  }
}

TEST_CASE("Bombs are stopped by the limits", "[archive]") {
  const std::string zeros(4 << 20, '\0');
  const std::string bomb = test::zstd(TarMaker().file("a", zeros).finish());
  ArchiveLimits limits;
  limits.expansion_base = 1 << 20;
  limits.expansion_ratio = 10;
  CHECK(test::error_of([&] { read_archive(bomb, limits); }) == ErrorCode::limit_exceeded);
  CHECK(read_archive(bomb).at("a") == zeros);
  ArchiveLimits few;
  few.entries = 2;
  CHECK(test::error_of([&] { read_archive(small_tar(), few); }) == ErrorCode::limit_exceeded);
  ArchiveLimits brief;
  brief.name_bytes = 8;
  CHECK(test::error_of([&] { read_archive(small_tar(), brief); }) == ErrorCode::limit_exceeded);
}

TEST_CASE("Random bytes never do anything but fail", "[archive]") {
  CHECK(rc::check("mutated archive", [] {
    std::string bytes = small_tar();
    const auto changes = *rc::gen::inRange(1, 8);
    for (int i = 0; i < changes; ++i) {
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    }
    test::error_of([&] { read_archive(bytes); });
  }));
}

TEST_CASE("A member beyond 8 GiB is listed and read in place", "[archive]") {
  const test::TempFolder temp;
  base::SystemFs fs;
  const std::uint64_t size = archive::kMaxUstarSize + 5000;
  const base::Bytes header = archive::make_header("large", size);
  const base::Bytes next = archive::make_header("next", 3);
  const std::uint64_t behind = archive::entry_span("large", size);
  {
    const auto file = fs.create(temp / "large.tar", 0644);
    file->write_at(0, header);
    file->write_at(header.size() + size - 3, base::as_bytes("end"));
    file->write_at(behind, next);
    file->write_at(behind + next.size(), base::as_bytes("abc"));
    file->write_at(behind + next.size() + archive::kBlock + archive::kTrailerBytes - 1, base::Bytes(1));
  }
  const auto reader = ArchiveReader::open(fs, temp / "large.tar");
  REQUIRE(reader->members().size() == 2);
  CHECK(reader->members()[0].size == size);
  CHECK(reader->members()[0].content == header.size());
  CHECK(content(*reader, "next") == "abc");
}

TEST_CASE("Real archives are read", "[archive]") {
  base::SystemFs fs;
  const std::string folder = std::string(GAPSTOW_SOURCE_DIR) + "/samples/images/";
  const auto save = ArchiveReader::open(fs, folder + "app-1.1.docker-save.tar");
  CHECK(save->members().size() == 9);
  CHECK(content(*save, "manifest.json").size() == 292);
  const auto exact = ArchiveReader::open(fs, folder + "app-1.1.exact-oci.tar");
  CHECK(exact->members().size() == 6);
  CHECK(content(*exact, "oci-layout").size() == 31);
  CHECK(test::error_of([&] { ArchiveReader::open(fs, folder + "absent.tar"); }) == ErrorCode::not_found);
  CHECK(test::error_of([&] { ArchiveReader::open(fs, folder); }) == ErrorCode::io_read);
  CHECK(test::error_of([&] { ArchiveReader::open(fs, "/dev/zero"); }) == ErrorCode::io_read);
}
