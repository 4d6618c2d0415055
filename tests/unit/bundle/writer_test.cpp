#include "gapstow/bundle/writer.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "gapstow/base/error.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/reader.h"
#include "support/bundle_maker.h"
#include "support/error_of.h"

namespace gapstow {
namespace {

using base::ErrorCode;
using test::error_of;

struct Fixture {
  sign::SecretKey alice = test::seeded_key(1);
  test::BundleContent content = test::small_content();
  bundle::Seal seal = bundle::Seal::make(content.statement, {&alice});
};

/// Layers around the sizes at which blocks and chunks end.
test::BundleContent awkward_content() {
  std::vector<base::Bytes> layers;
  unsigned char fill = 0;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{511}, std::size_t{512}, std::size_t{513}, base::kChunkSize - 512,
        base::kChunkSize - 1, base::kChunkSize, base::kChunkSize + 1, 3 * base::kChunkSize + 7}) {
    layers.emplace_back(size, std::byte{++fill});
  }
  return test::BundleMaker().image("example.test/app:1", layers).content();
}

TEST_CASE("Stream and file writers give the same bytes, and readers accept them") {
  const Fixture keys;
  const auto content = awkward_content();
  const auto seal = bundle::Seal::make(content.statement, {&keys.alice});
  const base::Bytes streamed = test::bundle_bytes(seal, content.contents);
  for (const unsigned jobs : {1U, 2U, 8U}) {
    test::BundleMemoryFile file;
    std::atomic<std::uint64_t> seen{0};
    bundle::write_file(seal, test::open_contents(content.contents), file,
                       {.cancel = nullptr, .on_progress = [&](std::uint64_t bytes) { seen += bytes; }, .jobs = jobs});
    CHECK(file.bytes() == streamed);
    CHECK(seen == streamed.size());
  }
  const bundle::SealPolicy policy{{keys.alice.public_key()}, 1};
  const auto outcome = test::stream_outcome(streamed, policy);
  INFO(outcome.line);
  CHECK(!outcome.code);
  CHECK(test::file_outcome(streamed, policy, 3).proven == outcome.proven);
}

TEST_CASE("Content that is not what the seal says stops the writers") {
  const Fixture fixture;
  const auto code_with = [&](std::size_t index, const base::Bytes& bytes) {
    auto contents = fixture.content.contents;
    contents[index] = bytes;
    base::MemorySink sink;
    const auto streamed =
        error_of([&] { bundle::write_stream(fixture.seal, test::open_contents(contents), sink, {}); });
    test::BundleMemoryFile file;
    const auto written = error_of([&] {
      bundle::write_file(fixture.seal, test::open_contents(contents), file,
                         {.cancel = nullptr, .on_progress = {}, .jobs = 4});
    });
    CHECK(streamed == written);
    return streamed;
  };
  for (std::size_t i = 0; i < fixture.content.contents.size(); ++i) {
    base::Bytes bytes = fixture.content.contents[i];
    bytes[0] ^= std::byte{1};
    CHECK(code_with(i, bytes) == ErrorCode::digest_mismatch);
    bytes = fixture.content.contents[i];
    bytes.push_back(std::byte{'x'});
    CHECK(code_with(i, bytes) == ErrorCode::digest_mismatch);
    bytes.resize(bytes.size() - 2);
    CHECK(code_with(i, bytes) == ErrorCode::truncated);
  }
}

TEST_CASE("The failure of the first entry in order is told by the parallel writer") {
  const Fixture fixture;
  auto contents = fixture.content.contents;
  contents[1].pop_back();
  contents.back()[0] ^= std::byte{1};
  test::BundleMemoryFile file;
  CHECK(error_of([&] {
          bundle::write_file(fixture.seal, test::open_contents(contents), file,
                             {.cancel = nullptr, .on_progress = {}, .jobs = 8});
        }) == ErrorCode::truncated);
}

TEST_CASE("Cancelling stops the writers") {
  const Fixture fixture;
  base::CancelToken cancel;
  cancel.cancel();
  base::MemorySink sink;
  CHECK(error_of([&] {
          bundle::write_stream(fixture.seal, test::open_contents(fixture.content.contents), sink,
                               {.cancel = &cancel, .on_progress = {}, .jobs = 1});
        }) == ErrorCode::interrupted);
  test::BundleMemoryFile file;
  CHECK(error_of([&] {
          bundle::write_file(fixture.seal, test::open_contents(fixture.content.contents), file,
                             {.cancel = &cancel, .on_progress = {}, .jobs = 2});
        }) == ErrorCode::interrupted);
}

TEST_CASE("Co-signing in place changes the seal alone and is deterministic") {
  const Fixture fixture;
  const sign::SecretKey bob = test::seeded_key(2);
  const base::Bytes before = test::bundle_bytes(fixture.seal, fixture.content.contents);
  test::BundleMemoryFile file(before);
  auto seal = fixture.seal;
  seal.add_signature(bob);
  bundle::replace_seal(seal, file);
  const auto layout = bundle::lay_out(seal.claimed());
  const std::size_t begin = layout.seal_content;
  const std::size_t end = begin + seal.claimed().seal_size;
  REQUIRE(file.bytes().size() == before.size());
  CHECK(base::equal(base::ByteView(file.bytes()).first(begin), base::ByteView(before).first(begin)));
  CHECK(base::equal(base::ByteView(file.bytes()).subspan(end), base::ByteView(before).subspan(end)));
  CHECK(file.syncs() == 1);
  const bundle::SealPolicy both{{fixture.alice.public_key(), bob.public_key()}, 2};
  CHECK(!test::file_outcome(file.bytes(), both).code);

  test::BundleMemoryFile again(before);
  bundle::replace_seal(seal, again);
  CHECK(again.bytes() == file.bytes());
  bundle::replace_seal(seal, again);
  CHECK(again.syncs() == 1);
}

TEST_CASE("A seal of another statement does not replace") {
  const Fixture fixture;
  auto other = fixture.content.statement;
  other.tool = "gapstow 0.1.1";
  const base::Bytes before = test::bundle_bytes(fixture.seal, fixture.content.contents);
  test::BundleMemoryFile file(before);
  CHECK(error_of([&] { bundle::replace_seal(bundle::Seal::make(other, {&fixture.alice}), file); }) ==
        ErrorCode::conflict);
  CHECK(file.bytes() == before);
}

/// Fails its n-th write, or all from that one on, after having done half of it.
class TornFile final : public base::File {
 public:
  enum class Kind { once, forever };
  TornFile(base::Bytes bytes, int fail_at, Kind kind = Kind::once)
      : inner_(std::move(bytes)), fail_at_(fail_at), kind_(kind) {}
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override { return inner_.read_at(offset, out); }
  void write_at(std::uint64_t offset, base::ByteView bytes) override {
    const int late = ++writes_ - fail_at_;
    if (late < 0 || (late > 0 && kind_ == Kind::once)) return inner_.write_at(offset, bytes);
    inner_.write_at(offset, bytes.first(bytes.size() / 2));
    throw base::Error(late == 0 ? ErrorCode::io_write : ErrorCode::io_read, "no space left");
  }
  std::uint64_t size() override { return inner_.size(); }
  void sync() override {}
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  const base::Bytes& bytes() const { return inner_.bytes(); }

 private:
  test::BundleMemoryFile inner_;
  int fail_at_;
  Kind kind_;
  int writes_ = 0;
};

TEST_CASE("A failed write of the new seal puts the old one back") {
  const Fixture fixture;
  const base::Bytes before = test::bundle_bytes(fixture.seal, fixture.content.contents);
  TornFile file(before, 1);
  auto seal = fixture.seal;
  seal.add_signature(test::seeded_key(2));
  CHECK(error_of([&] { bundle::replace_seal(seal, file); }) == ErrorCode::io_write);
  CHECK(file.bytes() == before);
}

TEST_CASE("The first failure is told when the old seal cannot be put back either") {
  const Fixture fixture;
  const base::Bytes before = test::bundle_bytes(fixture.seal, fixture.content.contents);
  TornFile file(before, 1, TornFile::Kind::forever);
  auto seal = fixture.seal;
  seal.add_signature(test::seeded_key(2));
  CHECK(error_of([&] { bundle::replace_seal(seal, file); }) == ErrorCode::io_write);
  // The statement is not touched: the bundle still says which one it was.
  base::FileSource source(file);
  const auto found = error_of([&] { CHECK(bundle::read_seal(source).bundle_id() == seal.bundle_id()); });
  CHECK((!found || found == ErrorCode::malformed));
}

TEST_CASE("Content that is not there is a fault of the program, in both writers") {
  const Fixture fixture;
  const bundle::OpenContent nothing = [](std::size_t) { return std::unique_ptr<base::Source>(); };
  base::MemorySink sink;
  CHECK(error_of([&] { bundle::write_stream(fixture.seal, nothing, sink, {}); }) == ErrorCode::internal);
  const bundle::OpenContent throwing = [](std::size_t) -> std::unique_ptr<base::Source> {
    throw std::out_of_range("no such content");
  };
  test::BundleMemoryFile file;
  CHECK(error_of([&] {
          bundle::write_file(fixture.seal, throwing, file, {.cancel = nullptr, .on_progress = {}, .jobs = 2});
        }) == ErrorCode::internal);
}

}  // namespace
}  // namespace gapstow
