// Parts that contradict each other, files that change while they are read, and cuts that cannot be made.
#include <array>
#include <catch2/catch.hpp>
#include <functional>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/parts.h"
#include "gapstow/bundle/reader.h"
#include "support/bundle_maker.h"
#include "support/error_of.h"
#include "support/temp_folder.h"

namespace gapstow {
namespace {

using base::Bytes;
using base::ByteView;
using base::ErrorCode;
using test::error_of;

constexpr std::uint64_t kContentBytes = bundle::kMinPartBytes - bundle::kPartHeaderBytes;

test::BundleContent content_with(std::size_t layer_bytes) {
  return test::BundleMaker().image("example.test/app:1", {Bytes(layer_bytes, std::byte{'a'})}).content();
}

struct Fixture {
  explicit Fixture(std::size_t layer_bytes = 9000) : content(content_with(layer_bytes)) {}
  sign::SecretKey alice = test::seeded_key(1);
  test::BundleContent content;
  bundle::Seal seal = test::make_tight_seal(content.statement, {&alice});
  Bytes bytes = test::bundle_bytes(seal, content.contents);
  base::SystemFs fs;
  test::TempFolder folder;

  std::vector<std::string> cut() {
    test::BundleMemoryFile file(bytes);
    return bundle::split(fs, file, bundle::kMinPartBytes, folder / "app", {});
  }
};

/// Any bytes as parts in memory, with headers that fit them.
std::vector<bundle::PartFile> parts_of(ByteView whole, const digest::Digest& bundle_id) {
  std::vector<bundle::PartFile> parts;
  const auto count = static_cast<std::uint32_t>((whole.size() + kContentBytes - 1) / kContentBytes);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t offset = i * kContentBytes;
    const ByteView piece = whole.subspan(offset, std::min<std::size_t>(kContentBytes, whole.size() - offset));
    const bundle::PartHeader header{bundle_id, i + 1, count, offset, piece.size(), whole.size(), digest::sha256(piece)};
    Bytes file = bundle::write_part_header(header);
    base::append(file, piece);
    parts.push_back({"part" + std::to_string(i + 1), header, std::make_shared<test::BundleMemoryFile>(file)});
  }
  return parts;
}

std::optional<ErrorCode> join(std::vector<bundle::PartFile> parts) {
  return error_of([&] {
    bundle::PartsSource source(std::move(parts));
    base::read_all(source, 1 << 20);
  });
}

TEST_CASE("Parts of something that is no whole bundle are refused at their end") {
  const Fixture fixture;
  const auto id = fixture.seal.bundle_id();
  CHECK(join(parts_of(fixture.bytes, id)) == std::nullopt);
  CHECK(join(parts_of(fixture.bytes, digest::sha256(base::as_bytes("other")))) == ErrorCode::malformed);
  CHECK(join(parts_of(Bytes(5000, std::byte{'x'}), id)) == ErrorCode::malformed);
  // The seal itself is cut short: in its header, and behind it.
  CHECK(join(parts_of(ByteView(fixture.bytes).first(500), id)) == ErrorCode::truncated);
  CHECK(join(parts_of(ByteView(fixture.bytes).first(1000), id)) == ErrorCode::truncated);
  Bytes spoiled = fixture.bytes;
  spoiled[600] ^= std::byte{1};
  CHECK(join(parts_of(spoiled, id)) == ErrorCode::malformed);
}

TEST_CASE("A part that changes after it was opened is noticed") {
  const Fixture fixture;
  const auto id = fixture.seal.bundle_id();
  const auto with_file = [&](const std::function<Bytes(Bytes)>& change) {
    auto parts = parts_of(fixture.bytes, id);
    Bytes bytes(parts[1].file->size());
    parts[1].file->read_at(0, bytes);
    parts[1].file = std::make_shared<test::BundleMemoryFile>(change(std::move(bytes)));
    return parts;
  };
  const auto shorter = [](Bytes bytes) {
    bytes.pop_back();
    return bytes;
  };
  const auto longer = [](Bytes bytes) {
    bytes.push_back(std::byte{0});
    return bytes;
  };
  CHECK(join(with_file(shorter)) == ErrorCode::truncated);
  CHECK(join(with_file(longer)) == ErrorCode::malformed);
  // What was wrong once stays wrong, also for who goes on reading.
  bundle::PartsSource source(with_file(shorter));
  CHECK(error_of([&] { base::read_all(source, 1 << 20); }) == ErrorCode::truncated);
  CHECK(error_of([&] { base::read_all(source, 1 << 20); }) == ErrorCode::truncated);
  CHECK(error_of([&] { source.name_damaged_part(nullptr); }) == ErrorCode::truncated);
}

TEST_CASE("Naming a damaged part can be cancelled") {
  const Fixture fixture;
  bundle::PartsSource source(parts_of(fixture.bytes, fixture.seal.bundle_id()));
  std::array<std::byte, 10> start{};
  REQUIRE(source.read(start) == start.size());
  base::CancelToken cancel;
  cancel.cancel();
  CHECK(error_of([&] { source.name_damaged_part(&cancel); }) == ErrorCode::interrupted);
}

TEST_CASE("Parts that overlap or leave a gap are refused") {
  Fixture fixture;
  const auto paths = fixture.cut();
  REQUIRE(paths.size() >= 3);
  const Bytes part = base::read_file(fixture.fs, paths[1], 1 << 20);
  for (const int shift : {-1, 1}) {
    bundle::PartHeader header = bundle::parse_part_header(ByteView(part).first(bundle::kPartHeaderBytes));
    header.offset += static_cast<std::uint64_t>(shift);
    Bytes moved = bundle::write_part_header(header);
    base::append(moved, ByteView(part).subspan(bundle::kPartHeaderBytes));
    base::write_file(fixture.fs, paths[1], moved);
    CHECK(error_of([&] { bundle::open_parts(fixture.fs, paths); }) == ErrorCode::malformed);
  }
}

TEST_CASE("Many missing parts make one line") {
  Fixture fixture(60'000);
  const auto paths = fixture.cut();
  REQUIRE(paths.size() > 12);
  try {
    bundle::open_parts(fixture.fs, {paths.back()});
    FAIL("one part is not all of them");
  } catch (const base::Error& error) {
    CHECK(error.code() == ErrorCode::truncated);
    CHECK(error.line().size() < 200);
  }
}

/// Says that it has another size than it has.
class MisleadingFile final : public base::File {
 public:
  MisleadingFile(Bytes bytes, std::uint64_t size) : inner_(std::move(bytes)), size_(size) {}
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override { return inner_.read_at(offset, out); }
  void write_at(std::uint64_t offset, ByteView bytes) override { inner_.write_at(offset, bytes); }
  std::uint64_t size() override { return size_; }
  void sync() override {}
  void start_writeback(std::uint64_t, std::uint64_t) override {}

 private:
  test::BundleMemoryFile inner_;
  std::uint64_t size_;
};

TEST_CASE("A bundle that becomes shorter while it is cut leaves no part") {
  Fixture fixture;
  MisleadingFile file(base::to_bytes(ByteView(fixture.bytes).first(fixture.bytes.size() - 1)), fixture.bytes.size());
  CHECK(error_of([&] { bundle::split(fixture.fs, file, bundle::kMinPartBytes, fixture.folder / "x", {}); }) ==
        ErrorCode::truncated);
  CHECK(fixture.fs.list(fixture.folder.path()).empty());
}

TEST_CASE("A bundle is cut into 9999 parts at most") {
  Fixture fixture;
  auto statement = fixture.content.statement;
  statement.entries.back().size = bundle::kMaxParts * kContentBytes;
  const auto seal = test::make_tight_seal(statement, {&fixture.alice});
  // Only the seal is looked at before the cut is planned.
  Bytes front = archive::make_header(bundle::kSealName, seal.claimed().seal_size);
  base::append(front, seal.entry_bytes());
  MisleadingFile file(front, bundle::lay_out(seal.claimed()).total);
  CHECK(error_of([&] { bundle::split(fixture.fs, file, bundle::kMinPartBytes, fixture.folder / "x", {}); }) ==
        ErrorCode::usage);
  CHECK(fixture.fs.list(fixture.folder.path()).empty());
}

TEST_CASE("A part of many megabytes is cut and read like a small one") {
  Fixture fixture(9 << 20);
  test::BundleMemoryFile file(fixture.bytes);
  const auto paths = bundle::split(fixture.fs, file, 64 << 20, fixture.folder / "app", {});
  REQUIRE(paths.size() == 1);
  bundle::PartsSource source(bundle::open_parts(fixture.fs, paths));
  CHECK(base::read_all(source, 64 << 20) == fixture.bytes);
}

TEST_CASE("A large part that is damaged near its front is named before the bundle is blamed") {
  Fixture fixture(9 << 20);
  const bundle::SealPolicy policy{{fixture.alice.public_key()}, 1};
  test::BundleMemoryFile file(fixture.bytes);
  const auto paths = bundle::split(fixture.fs, file, 64 << 20, fixture.folder / "app", {});
  const auto code_with_flip_at = [&](std::uint64_t position) {
    Bytes part = base::read_file(fixture.fs, paths[0], 64 << 20);
    part[bundle::kPartHeaderBytes + position] ^= std::byte{1};
    base::write_file(fixture.fs, paths[0], part);
    std::string line;
    try {
      bundle::PartsSource source(bundle::open_parts(fixture.fs, paths));
      test::CollectingConsumer consumer(policy);
      bundle::read_stream(source, consumer, {});
    } catch (const base::Error& error) {
      CHECK(error.code() == ErrorCode::digest_mismatch);
      line = error.line();
    }
    part[bundle::kPartHeaderBytes + position] ^= std::byte{1};
    base::write_file(fixture.fs, paths[0], part);
    return line;
  };
  const auto layout = bundle::lay_out(fixture.seal.claimed());
  CHECK(code_with_flip_at(layout.entries[0].header).find(paths[0]) != std::string::npos);
  CHECK(code_with_flip_at(layout.entries[1].content).find(paths[0]) != std::string::npos);
}

}  // namespace
}  // namespace gapstow
