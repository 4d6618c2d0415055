#include "gapstow/bundle/parts.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/bundle/reader.h"
#include "support/bundle_maker.h"
#include "support/error_of.h"
#include "support/temp_folder.h"

namespace gapstow {
namespace {

using base::ErrorCode;
using test::error_of;

constexpr std::uint64_t kPartBytes = bundle::kMinPartBytes;

struct Fixture {
  sign::SecretKey alice = test::seeded_key(1);
  bundle::SealPolicy policy{{alice.public_key()}, 1};
  base::SystemFs fs;
  test::TempFolder folder;
  base::Bytes bytes = make_bytes("example.test/app:1");
  std::vector<std::string> paths = cut(bytes, "app");

  base::Bytes make_bytes(const std::string& reference) const {
    const auto content =
        test::BundleMaker().image(reference, {base::Bytes(5000, std::byte{'a'}), base::Bytes(300, std::byte{'b'})});
    return test::bundle_bytes(test::make_tight_seal(content.content().statement, {&alice}), content.content().contents);
  }
  std::vector<std::string> cut(const base::Bytes& whole, const std::string& name) {
    test::BundleMemoryFile file(whole);
    return bundle::split(fs, file, kPartBytes, folder / name, {});
  }
  base::Bytes load(const std::string& path) { return base::read_file(fs, path, 1 << 20); }
  void store(const std::string& path, const base::Bytes& content) { base::write_file(fs, path, content); }

  /// The verdict of a reader on the parts at these paths.
  std::optional<ErrorCode> read(const std::vector<std::string>& from, std::string* line = nullptr) {
    try {
      bundle::PartsSource source(bundle::open_parts(fs, from));
      test::CollectingConsumer consumer(policy);
      bundle::read_stream(source, consumer, {});
    } catch (const base::Error& error) {
      if (line != nullptr) *line = error.line();
      return error.code();
    }
    return std::nullopt;
  }
  base::Bytes join(const std::vector<std::string>& from) {
    bundle::PartsSource source(bundle::open_parts(fs, from));
    return base::read_all(source, 1 << 20);
  }
};

bundle::PartHeader sample_header() {
  bundle::PartHeader header;
  header.bundle = digest::sha256(base::as_bytes("statement"));
  header.number = 2;
  header.count = 3;
  header.offset = 3584;
  header.size = 3584;
  header.total = 9000;
  header.sha256 = digest::sha256(base::as_bytes("content"));
  return header;
}

template <typename Spoil>
std::optional<ErrorCode> header_code(Spoil&& spoil) {
  bundle::PartHeader header = sample_header();
  spoil(header);
  return error_of([&] { bundle::parse_part_header(bundle::write_part_header(header)); });
}

TEST_CASE("A part header is read as it was written") {
  const base::Bytes bytes = bundle::write_part_header(sample_header());
  CHECK(bytes.size() == bundle::kPartHeaderBytes);
  CHECK(bundle::write_part_header(bundle::parse_part_header(bytes)) == bytes);
}

TEST_CASE("The largest header fits") {
  bundle::PartHeader header = sample_header();
  header.number = header.count = bundle::kMaxParts;
  header.offset = (1ULL << 53) - 4096;
  header.size = 4096;
  header.total = 1ULL << 53;
  const base::Bytes bytes = bundle::write_part_header(header);
  CHECK(bytes.size() == bundle::kPartHeaderBytes);
  CHECK_NOTHROW(bundle::parse_part_header(bytes));
}

TEST_CASE("Contradictions in a part header are refused") {
  CHECK(header_code([](auto&) {}) == std::nullopt);
  CHECK(header_code([](auto& h) { h.number = 0; }) == ErrorCode::malformed);
  CHECK(header_code([](auto& h) { h.number = 4; }) == ErrorCode::malformed);
  CHECK(header_code([](auto& h) { h.count = 10000; }) == ErrorCode::malformed);
  CHECK(header_code([](auto& h) { h.size = 0; }) == ErrorCode::malformed);
  CHECK(header_code([](auto& h) { h.offset = 0; }) == ErrorCode::malformed);
  CHECK(header_code([](auto& h) { h.number = 1; }) == ErrorCode::malformed);
  CHECK(header_code([](auto& h) { h.number = 3; }) == ErrorCode::malformed);
  CHECK(header_code([](auto& h) { h.total = 7168; }) == ErrorCode::malformed);
  CHECK(header_code([](auto& h) { h.total = 100; }) == ErrorCode::malformed);
  CHECK(header_code([](auto& h) { h.offset = (1ULL << 53) + 1; }) == ErrorCode::malformed);
}

TEST_CASE("A part header of a newer version is unsupported, one cut short truncated") {
  const base::Bytes bytes = bundle::write_part_header(sample_header());
  std::string text(base::as_text(bytes));
  text.replace(text.find("part:v1"), 7, "part:v2");
  CHECK(error_of([&] { bundle::parse_part_header(base::as_bytes(text)); }) == ErrorCode::unsupported);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    REQUIRE(error_of([&] { bundle::parse_part_header(base::ByteView(bytes).first(length)); }) == ErrorCode::truncated);
  }
  CHECK(error_of([&] { bundle::parse_part_header(base::as_bytes("hello")); }) == ErrorCode::malformed);
  base::Bytes longer = bytes;
  longer.push_back(std::byte{' '});
  CHECK(error_of([&] { bundle::parse_part_header(longer); }) == ErrorCode::malformed);
}

TEST_CASE("A part header has one spelling") {
  const std::string text(base::as_text(bundle::write_part_header(sample_header())));
  const auto code_with = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    other.replace(other.find(from), from.size(), to);
    other.resize(bundle::kPartHeaderBytes - 1, ' ');
    other += '\n';
    return error_of([&] { bundle::parse_part_header(base::as_bytes(other)); });
  };
  CHECK(code_with("\"count\":3", "\"count\":3") == std::nullopt);
  CHECK(code_with("\"count\":3", "\"count\": 3") == ErrorCode::malformed);
  CHECK(code_with("\"count\":3", "\"count\":3.0") == ErrorCode::malformed);
  CHECK(code_with("\"count\":3", "\"count\":3,\"count\":3") == ErrorCode::malformed);
  CHECK(code_with("\"count\":3", "\"more\":1,\"count\":3") == ErrorCode::malformed);
  std::string without_end = text;
  without_end.back() = ' ';
  CHECK(error_of([&] { bundle::parse_part_header(base::as_bytes(without_end)); }) == ErrorCode::malformed);
}

TEST_CASE("Parts have their names and sizes, and give the bundle again in any order") {
  Fixture fixture;
  REQUIRE(fixture.paths.size() == (fixture.bytes.size() + 3583) / 3584);
  REQUIRE(fixture.paths.size() >= 3);
  const std::string count = std::to_string(fixture.paths.size());
  CHECK(fixture.paths[0] == fixture.folder / ("app.part0001-of-000" + count + ".gapstow"));
  for (const std::string& path : fixture.paths) {
    CHECK(fixture.load(path).size() <= kPartBytes);
    CHECK(bundle::looks_like_part(*fixture.fs.open(path)));
  }
  CHECK(fixture.join(fixture.paths) == fixture.bytes);
  auto reversed = fixture.paths;
  std::ranges::reverse(reversed);
  CHECK(fixture.join(reversed) == fixture.bytes);
  CHECK(fixture.read(reversed) == std::nullopt);
}

TEST_CASE("A bundle is no part") {
  Fixture fixture;
  test::BundleMemoryFile file(fixture.bytes);
  CHECK(!bundle::looks_like_part(file));
  test::BundleMemoryFile empty;
  CHECK(!bundle::looks_like_part(empty));
  fixture.store(fixture.folder / "whole", fixture.bytes);
  CHECK(fixture.read({fixture.folder / "whole"}) == ErrorCode::malformed);
}

TEST_CASE("Missing, doubled and foreign parts are named") {
  Fixture fixture;
  std::string line;
  auto paths = fixture.paths;
  paths.erase(paths.begin() + 1);
  CHECK(fixture.read(paths, &line) == ErrorCode::truncated);
  CHECK(fixture.read({fixture.paths.back()}) == ErrorCode::truncated);
  paths = fixture.paths;
  paths.push_back(paths[1]);
  CHECK(fixture.read(paths, &line) == ErrorCode::malformed);
  CHECK(line.find(paths[1]) != std::string::npos);
  const auto other = fixture.cut(fixture.make_bytes("example.test/other:1"), "other");
  paths = fixture.paths;
  paths[1] = other[1];
  CHECK(fixture.read(paths, &line) == ErrorCode::malformed);
  CHECK(line.find(other[1]) != std::string::npos);
  CHECK(fixture.read({}) == ErrorCode::usage);
  CHECK(fixture.read({fixture.folder / "nothing"}) == ErrorCode::not_found);
}

TEST_CASE("A part cut short or with bytes behind it is named") {
  Fixture fixture;
  std::string line;
  const base::Bytes part = fixture.load(fixture.paths[1]);
  for (const std::size_t length : {std::size_t{0}, std::size_t{511}, std::size_t{512}, part.size() - 1}) {
    fixture.store(fixture.paths[1], base::to_bytes(base::ByteView(part).first(length)));
    CHECK(fixture.read(fixture.paths, &line) == ErrorCode::truncated);
    CHECK(line.find(fixture.paths[1]) != std::string::npos);
  }
  base::Bytes longer = part;
  longer.push_back(std::byte{0});
  fixture.store(fixture.paths[1], longer);
  CHECK(fixture.read(fixture.paths, &line) == ErrorCode::malformed);
  CHECK(line.find(fixture.paths[1]) != std::string::npos);
}

TEST_CASE("A bit flipped anywhere in a part is refused; in its content, the part is named") {
  Fixture fixture;
  for (std::size_t number = 0; number < fixture.paths.size(); ++number) {
    const base::Bytes part = fixture.load(fixture.paths[number]);
    for (std::size_t at = 0; at < part.size(); at += (at < bundle::kPartHeaderBytes ? 11 : 397)) {
      base::Bytes spoiled = part;
      spoiled[at] ^= std::byte{static_cast<unsigned char>(1U << (at % 8))};
      fixture.store(fixture.paths[number], spoiled);
      std::string line;
      const auto code = fixture.read(fixture.paths, &line);
      INFO("part " << number << " byte " << at << ": " << line);
      REQUIRE(code);
      REQUIRE((base::exit_code(*code) == 1 || base::exit_code(*code) == 4));
      if (at < bundle::kPartHeaderBytes) continue;
      REQUIRE(code == ErrorCode::digest_mismatch);
      REQUIRE(line.find(fixture.paths[number]) != std::string::npos);
    }
    fixture.store(fixture.paths[number], part);
  }
}

TEST_CASE("The bundle ID in the headers is that of the bundle, also when there is one part") {
  Fixture fixture;
  test::BundleMemoryFile file(fixture.bytes);
  const auto paths = bundle::split(fixture.fs, file, 1 << 20, fixture.folder / "one", {});
  REQUIRE(paths.size() == 1);
  CHECK(fixture.read(paths) == std::nullopt);
  const base::Bytes part = fixture.load(paths[0]);
  bundle::PartHeader header = bundle::parse_part_header(base::ByteView(part).first(bundle::kPartHeaderBytes));
  header.bundle = digest::sha256(base::as_bytes("another"));
  base::Bytes spoiled = bundle::write_part_header(header);
  base::append(spoiled, base::ByteView(part).subspan(bundle::kPartHeaderBytes));
  fixture.store(paths[0], spoiled);
  CHECK(fixture.read(paths) == ErrorCode::malformed);
  CHECK(error_of([&] { fixture.join(paths); }) == ErrorCode::malformed);
}

TEST_CASE("Reads of any size give the same bytes") {
  Fixture fixture;
  rc::check([&] {
    bundle::PartsSource source(bundle::open_parts(fixture.fs, fixture.paths));
    base::Bytes out;
    for (;;) {
      base::Bytes piece(*rc::gen::inRange<std::size_t>(1, 4000));
      const std::size_t count = source.read(piece);
      if (count == 0) break;
      base::append(out, base::ByteView(piece).first(count));
    }
    RC_ASSERT(out == fixture.bytes);
  });
}

TEST_CASE("Splitting refuses what is no whole bundle, and sizes without sense") {
  Fixture fixture;
  const auto code_of = [&](const base::Bytes& bytes, std::uint64_t size) {
    test::BundleMemoryFile file(bytes);
    return error_of([&] { bundle::split(fixture.fs, file, size, fixture.folder / "x", {}); });
  };
  CHECK(code_of(base::to_bytes("hello"), kPartBytes) == ErrorCode::malformed);
  base::Bytes bytes = fixture.bytes;
  bytes.push_back(std::byte{0});
  CHECK(code_of(bytes, kPartBytes) == ErrorCode::malformed);
  bytes.resize(bytes.size() - 2);
  CHECK(code_of(bytes, kPartBytes) == ErrorCode::truncated);
  CHECK(code_of(fixture.bytes, kPartBytes - 1) == ErrorCode::usage);
  CHECK(fixture.fs.list(fixture.folder.path()).size() == fixture.paths.size());
}

TEST_CASE("Splitting overwrites nothing") {
  Fixture fixture;
  CHECK(error_of([&] { fixture.cut(fixture.bytes, "app"); }) == ErrorCode::conflict);
  CHECK(fixture.join(fixture.paths) == fixture.bytes);
}

/// Counts what changes the disk and fails one of these calls.
class FailingFs final : public base::WriteFs {
 public:
  explicit FailingFs(int fail_at) : fail_at_(fail_at) {}
  int calls() const { return calls_; }

  std::unique_ptr<base::File> open(const std::string& path) override { return inner_.open(path); }
  std::unique_ptr<base::File> open_for_update(const std::string& path) override { return inner_.open_for_update(path); }
  std::optional<base::FileStatus> status(const std::string& path) override { return inner_.status(path); }
  std::vector<std::string> list(const std::string& folder) override { return inner_.list(folder); }
  std::unique_ptr<base::File> create(const std::string& path, std::uint32_t mode) override {
    step();
    return std::make_unique<FailingFile>(*this, inner_.create(path, mode));
  }
  void rename(const std::string& from, const std::string& to) override {
    step();
    inner_.rename(from, to);
  }
  void remove(const std::string& path) override {
    inner_.remove(path);
    // A disk that fails once is not trusted to clean up either.
    if (calls_ >= fail_at_) throw base::Error(ErrorCode::io_read, "the disk is failing");
  }
  void make_folder(const std::string& path, std::uint32_t mode) override { inner_.make_folder(path, mode); }
  void sync_folder(const std::string& path) override {
    step();
    inner_.sync_folder(path);
  }

 private:
  class FailingFile final : public base::File {
   public:
    FailingFile(FailingFs& fs, std::unique_ptr<base::File> inner) : fs_(fs), inner_(std::move(inner)) {}
    std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
      return inner_->read_at(offset, out);
    }
    void write_at(std::uint64_t offset, base::ByteView bytes) override {
      fs_.step();
      inner_->write_at(offset, bytes);
    }
    std::uint64_t size() override { return inner_->size(); }
    void sync() override {
      fs_.step();
      inner_->sync();
    }
    void start_writeback(std::uint64_t, std::uint64_t) override {}

   private:
    FailingFs& fs_;
    std::unique_ptr<base::File> inner_;
  };

  void step() {
    if (++calls_ == fail_at_) throw base::Error(ErrorCode::io_write, "no space left");
  }

  base::SystemFs inner_;
  int fail_at_;
  int calls_ = 0;
};

TEST_CASE("All parts appear or none does, whichever call fails") {
  Fixture fixture;
  const auto cut_with = [&](FailingFs& fs, const std::string& prefix) {
    test::BundleMemoryFile file(fixture.bytes);
    return bundle::split(fs, file, kPartBytes, prefix, {});
  };
  FailingFs counting(0);
  cut_with(counting, fixture.folder / "count");
  const std::size_t before = fixture.fs.list(fixture.folder.path()).size();
  for (int i = 1; i <= counting.calls(); ++i) {
    FailingFs failing(i);
    REQUIRE(error_of([&] { cut_with(failing, fixture.folder / "x"); }) == ErrorCode::io_write);
    REQUIRE(fixture.fs.list(fixture.folder.path()).size() == before);
  }
  base::CancelToken cancel;
  cancel.cancel();
  test::BundleMemoryFile file(fixture.bytes);
  CHECK(error_of([&] { bundle::split(fixture.fs, file, kPartBytes, fixture.folder / "x", cancel); }) ==
        ErrorCode::interrupted);
  CHECK(fixture.fs.list(fixture.folder.path()).size() == before);
}

}  // namespace
}  // namespace gapstow
