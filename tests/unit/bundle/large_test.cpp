// Entries beyond 8 GiB, on a file that stands in for one: zeros that take no memory.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "gapstow/archive/ustar.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/reader.h"
#include "support/bundle_maker.h"
#include "support/error_of.h"

namespace gapstow {
namespace {

using base::ErrorCode;
using test::error_of;

constexpr std::uint64_t kLarge = archive::kMaxUstarSize + 1 + 1000;

/// Zeros, but for some pieces.
class SparseFile final : public base::File {
 public:
  explicit SparseFile(std::uint64_t size) : size_(size) {}
  void put(std::uint64_t offset, base::Bytes bytes) { pieces_[offset] = std::move(bytes); }
  void cut(std::uint64_t size) { size_ = size; }

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset >= size_) return 0;
    out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset)));
    std::ranges::fill(out, std::byte{0});
    for (const auto& [at, bytes] : pieces_) {
      const std::uint64_t begin = std::max(at, offset);
      const std::uint64_t end = std::min(at + bytes.size(), offset + out.size());
      for (std::uint64_t i = begin; i < end; ++i) {
        out[static_cast<std::size_t>(i - offset)] = bytes[static_cast<std::size_t>(i - at)];
      }
    }
    return out.size();
  }
  void write_at(std::uint64_t, base::ByteView) override { throw base::Error(ErrorCode::internal, "read only"); }
  std::uint64_t size() override { return size_; }
  void sync() override {}
  void start_writeback(std::uint64_t, std::uint64_t) override {}

 private:
  std::uint64_t size_;
  std::map<std::uint64_t, base::Bytes> pieces_;
};

digest::Digest digest_of_zeros(std::uint64_t count) {
  const base::Bytes zeros(1 << 20);
  digest::Hasher hasher;
  for (; count > zeros.size(); count -= zeros.size()) hasher.update(zeros);
  hasher.update(base::ByteView(zeros).first(static_cast<std::size_t>(count)));
  return hasher.finish();
}

struct LargeBundle {
  explicit LargeBundle(const digest::Digest& layer)
      : content(with_layer(layer)), seal(test::make_tight_seal(content.statement, {&alice})), file(0) {
    const auto layout = bundle::lay_out(seal.claimed());
    file.cut(layout.total);
    base::Bytes front = archive::make_header(bundle::kSealName, seal.claimed().seal_size);
    base::append(front, seal.entry_bytes());
    file.put(0, front);
    for (std::size_t i = 0; i < layout.entries.size(); ++i) {
      const bundle::Entry& entry = seal.claimed().entries[i];
      file.put(layout.entries[i].header, archive::make_header(entry.name, entry.size));
      if (i < content.contents.size()) file.put(layout.entries[i].content, content.contents[i]);
    }
  }
  static test::BundleContent with_layer(const digest::Digest& layer) {
    test::BundleContent out = test::BundleMaker().image("example.test/app:1", {}).content();
    out.statement.entries.push_back({"blobs/sha256/" + layer.hex(), kLarge, layer});
    return out;
  }
  std::optional<ErrorCode> stream() {
    test::CollectingConsumer consumer({{alice.public_key()}, 1});
    consumer.ignore_payload();
    base::FileSource source(file);
    return error_of([&] { bundle::read_stream(source, consumer, {}); });
  }
  std::optional<ErrorCode> random() {
    test::CollectingConsumer consumer({{alice.public_key()}, 1});
    consumer.ignore_payload();
    return error_of([&] { bundle::read_file(file, consumer, {}); });
  }
  bundle::EntryPosition last() const { return bundle::lay_out(seal.claimed()).entries.back(); }

  sign::SecretKey alice = test::seeded_key(1);
  test::BundleContent content;
  bundle::Seal seal;
  SparseFile file;
};

TEST_CASE("The header of an entry beyond 8 GiB is checked byte by byte") {
  LargeBundle large(digest::sha256(base::as_bytes("never reached")));
  const auto position = large.last();
  REQUIRE(position.content - position.header == 1536);
  const std::string name = large.seal.claimed().entries.back().name;
  const base::Bytes header = archive::make_header(name, kLarge);
  large.file.cut(position.content + 1000);
  CHECK(large.stream() == ErrorCode::truncated);
  CHECK(large.random() == ErrorCode::truncated);
  for (std::size_t at = 0; at < header.size(); at += 3) {
    base::Bytes spoiled = header;
    spoiled[at] ^= std::byte{4};
    large.file.put(position.header, spoiled);
    REQUIRE(large.stream() == ErrorCode::malformed);
    REQUIRE(large.random() == ErrorCode::malformed);
  }
}

// Hashes 16 GiB; run by name: test_bundle "[large]".
TEST_CASE("An entry beyond 8 GiB is proven by both readers", "[.][large]") {
  LargeBundle large(digest_of_zeros(kLarge));
  CHECK(large.stream() == std::nullopt);
  CHECK(large.random() == std::nullopt);
}

}  // namespace
}  // namespace gapstow
