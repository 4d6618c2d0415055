#include "gapstow/bundle/opened.h"

#include <catch2/catch.hpp>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/atomic_file.h"
#include "gapstow/bundle/layout.h"
#include "support/bundle_maker.h"
#include "support/error_of.h"
#include "support/temp_folder.h"

namespace gapstow::test {
namespace {

struct World {
  base::SystemFs fs;
  base::CancelToken cancel;
  TempFolder folder;
  sign::SecretKey alice = seeded_key(1);
  BundleContent content = small_content();
  bundle::Seal seal = make_tight_seal(content.statement, {&alice});
  base::Bytes bytes = bundle_bytes(seal, content.contents);
  CollectingConsumer consumer{{{alice.public_key()}, 1}};

  bundle::OpenedBundle open(const base::Bytes& from) {
    return bundle::OpenedBundle::open(std::make_shared<BundleMemoryFile>(from), consumer, &cancel);
  }
  std::string on_disk() {
    const std::string path = folder / "b.gapstow";
    base::write_file(fs, path, bytes);
    return path;
  }
  std::size_t first_payload() const { return seal.claimed().metadata_entries; }
};

}  // namespace

TEST_CASE("opening proves seal, metadata and end, and gives no payload") {
  World world;
  const auto opened = world.open(world.bytes);
  CHECK(world.consumer.payload_began());
  CHECK(world.consumer.proven().size() == world.first_payload());
  CHECK(opened.seal().bundle_id() == world.seal.bundle_id());
  for (std::size_t i = world.first_payload(); i < opened.statement().entries.size(); ++i) {
    CHECK_NOTHROW(opened.prove(i, &world.cancel));
    base::Bytes content(opened.statement().entries[i].size);
    opened.file()->read_at(opened.content(i), content);
    CHECK(content == world.content.contents[i]);
  }
}

TEST_CASE("a flipped bit is found on opening, or in the entry that it is in and in no other") {
  World world;
  const auto layout = bundle::lay_out(world.seal.claimed());
  const std::uint64_t payload = layout.entries[world.first_payload()].header;
  for (std::uint64_t at = 0; at < world.bytes.size(); at += 37) {
    base::Bytes flipped = world.bytes;
    flipped[at] ^= std::byte{0x10};
    CollectingConsumer consumer{{{world.alice.public_key()}, 1}};
    const auto open = [&] {
      return bundle::OpenedBundle::open(std::make_shared<BundleMemoryFile>(flipped), consumer, &world.cancel);
    };
    if (at < payload || at >= layout.total - archive::kTrailerBytes) {
      CHECK_THROWS_AS(open(), base::Error);
      continue;
    }
    const auto opened = open();
    for (std::size_t i = world.first_payload(); i < layout.entries.size(); ++i) {
      const bool is_hit = at >= layout.entries[i].header && at < layout.entries[i].end;
      INFO("bit at " << at << ", entry " << i);
      if (is_hit) CHECK_THROWS_AS(opened.prove(i, nullptr), base::Error);
      if (!is_hit) CHECK_NOTHROW(opened.prove(i, nullptr));
    }
  }
}

TEST_CASE("a bundle that is cut or has something behind it is not opened") {
  World world;
  for (std::size_t size = 0; size < world.bytes.size(); size += 61) {
    const base::Bytes cut(world.bytes.begin(), world.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_THROWS_AS(world.open(cut), base::Error);
  }
  base::Bytes longer = world.bytes;
  longer.push_back(std::byte{0});
  REQUIRE_ERROR(malformed, world.open(longer));
  CollectingConsumer stranger({{seeded_key(2).public_key()}, 1});
  REQUIRE_ERROR(untrusted_key,
                bundle::OpenedBundle::open(std::make_shared<BundleMemoryFile>(world.bytes), stranger, &world.cancel));
}

TEST_CASE("a proof holds for the stamp of the file, and a write gives it another one") {
  World world;
  const std::string path = world.on_disk();
  const auto opened = bundle::OpenedBundle::open(world.fs.open(path), world.consumer, nullptr);
  const auto stamp = opened.prove(world.first_payload(), nullptr);
  CHECK(opened.file()->stamp() == stamp);
  const auto writer = world.fs.open_for_update(path);
  base::Bytes one(1);
  writer->read_at(opened.content(world.first_payload()), one);
  one[0] ^= std::byte{1};
  // The clock of the file system ticks every few milliseconds.
  while (opened.file()->stamp() == stamp) writer->write_at(opened.content(world.first_payload()), one);
  REQUIRE_ERROR(digest_mismatch, opened.prove(world.first_payload(), nullptr));
}

TEST_CASE("parts are read as one file, at any position") {
  World world;
  const std::string path = world.on_disk();
  const auto whole = world.fs.open(path);
  const auto names = bundle::split(world.fs, *whole, bundle::kMinPartBytes, world.folder / "p", world.cancel);
  REQUIRE(names.size() > 1);
  const auto parts = bundle::open_parts(world.fs, names);
  const std::shared_ptr<base::File> joined = bundle::join_parts(parts);
  CHECK(joined->size() == world.bytes.size());
  for (const std::size_t length : {1U, 511U, 5000U}) {
    for (std::size_t at = 0; at < world.bytes.size() + 600; at += 509) {
      base::Bytes out(length);
      out.resize(joined->read_at(at, out));
      const std::size_t there = at >= world.bytes.size() ? 0 : std::min(length, world.bytes.size() - at);
      REQUIRE(out.size() == there);
      REQUIRE(std::equal(out.begin(), out.end(),
                         world.bytes.begin() + static_cast<std::ptrdiff_t>(std::min(at, world.bytes.size()))));
    }
  }
  const auto opened = bundle::OpenedBundle::open(joined, world.consumer, nullptr);
  CHECK_NOTHROW(bundle::check_parts_identity(parts, opened.seal()));
  CHECK_NOTHROW(opened.prove(world.first_payload(), nullptr));
  auto other = parts;
  other.front().header.bundle = digest::sha256(base::as_bytes("another"));
  REQUIRE_ERROR(malformed, bundle::check_parts_identity(other, opened.seal()));

  const auto stamp = joined->stamp();
  CHECK(joined->stamp() == stamp);
  const auto writer = world.fs.open_for_update(names.back());
  while (joined->stamp() == stamp) writer->write_at(0, base::as_bytes("x"));
}

TEST_CASE("parts have another stamp when any of them was written, whatever the clock says") {
  struct StampedFile final : base::File {
    base::FileStamp now;
    std::size_t read_at(std::uint64_t, std::span<std::byte>) override { return 0; }
    void write_at(std::uint64_t, base::ByteView) override {}
    std::uint64_t size() override { return now.size; }
    void sync() override {}
    void start_writeback(std::uint64_t, std::uint64_t) override {}
    base::FileStamp stamp() override { return now; }
  };
  const auto first = std::make_shared<StampedFile>();
  const auto second = std::make_shared<StampedFile>();
  first->now = {1, 10, 100, 50, 50};
  second->now = {1, 11, 100, 90, 90};
  const auto joined = bundle::join_parts({{"a", {}, first}, {"b", {}, second}});
  const auto before = joined->stamp();
  CHECK(joined->stamp() == before);
  CHECK(before.changed == 90);
  for (const std::int64_t changed : {10, 51, 89, 90}) {
    first->now.changed = changed;
    CHECK(joined->stamp() != before);
  }
  first->now.changed = 50;
  CHECK(joined->stamp() == before);
  std::swap(first->now, second->now);
  CHECK(joined->stamp() != before);
}

}  // namespace gapstow::test
