#include "gapstow/bundle/reader.h"

#include <rapidcheck.h>

#include <atomic>
#include <catch2/catch.hpp>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/error.h"
#include "gapstow/bundle/layout.h"
#include "support/bundle_maker.h"
#include "support/error_of.h"

namespace gapstow {
namespace {

using base::ErrorCode;
using test::file_outcome;
using test::stream_outcome;

struct Fixture {
  explicit Fixture(test::BundleContent from = test::small_content()) : content(std::move(from)) {}
  sign::SecretKey alice = test::seeded_key(1);
  test::BundleContent content;
  bundle::Seal seal = test::make_tight_seal(content.statement, {&alice});
  base::Bytes bytes = test::bundle_bytes(seal, content.contents);
  bundle::SealPolicy policy{{alice.public_key()}, 1};
};

bool is_refusal(const test::ReadOutcome& outcome) {
  if (!outcome.code) return false;
  const int code = base::exit_code(*outcome.code);
  return code == 1 || code == 4;
}

/// Hands out at most so many bytes at a time, the counts in turn.
class ChoppySource final : public base::Source {
 public:
  ChoppySource(base::ByteView bytes, std::vector<std::size_t> counts) : rest_(bytes), counts_(std::move(counts)) {}
  std::size_t read(std::span<std::byte> out) override {
    const std::size_t most = std::max<std::size_t>(1, counts_.empty() ? 1 : counts_[turn_++ % counts_.size()]);
    const std::size_t count = std::min({out.size(), rest_.size(), most});
    std::ranges::copy(rest_.first(count), out.begin());
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  base::ByteView rest_;
  std::vector<std::size_t> counts_;
  std::size_t turn_ = 0;
};

/// The refusals of both readers on some bytes; checks that they are the same and that nothing of the damaged entry was
/// finished.
void check_both_refuse(const Fixture& fixture, base::ByteView bytes, const std::string& what) {
  const auto streamed = stream_outcome(bytes, fixture.policy);
  const auto read = file_outcome(bytes, fixture.policy);
  INFO(what << ": " << streamed.line << " / " << read.line);
  REQUIRE(is_refusal(streamed));
  if (bytes.size() < fixture.bytes.size()) REQUIRE(streamed.code == ErrorCode::truncated);
  REQUIRE(streamed.code == read.code);
  REQUIRE(streamed.line == read.line);
  REQUIRE(streamed.proven == read.proven);
  for (const auto& [name, content] : streamed.proven) {
    const auto& entries = fixture.seal.claimed().entries;
    const auto entry = std::ranges::find(entries, name, &bundle::Entry::name);
    REQUIRE(entry != entries.end());
    REQUIRE(digest::sha256(content) == entry->sha256);
  }
}

TEST_CASE("Both readers accept a bundle and deliver everything") {
  const Fixture fixture;
  for (const auto& outcome :
       {stream_outcome(fixture.bytes, fixture.policy), file_outcome(fixture.bytes, fixture.policy),
        file_outcome(fixture.bytes, fixture.policy, 4)}) {
    INFO(outcome.line);
    REQUIRE(!outcome.code);
    REQUIRE(outcome.proven.size() == fixture.content.contents.size());
    for (std::size_t i = 0; i < fixture.content.contents.size(); ++i) {
      REQUIRE(outcome.proven.at(fixture.content.statement.entries[i].name) == fixture.content.contents[i]);
    }
  }
}

TEST_CASE("A consumer is told in order: claim, seal, metadata, payload") {
  const Fixture fixture;
  test::CollectingConsumer consumer(fixture.policy);
  base::MemorySource source(fixture.bytes);
  const bundle::VerifiedBundle verified = bundle::read_stream(source, consumer, {});
  CHECK(consumer.sealed());
  CHECK(consumer.payload_began());
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < fixture.seal.claimed().metadata_entries; ++i) {
    expected.push_back(fixture.seal.claimed().entries[i].name);
  }
  CHECK(consumer.metadata_order() == expected);
  CHECK(verified.statement() == fixture.seal.claimed());
  CHECK(verified.signers().trusted == std::vector{fixture.alice.public_key().fingerprint()});
  CHECK(verified.seal().bundle_id() == fixture.seal.bundle_id());
}

TEST_CASE("A bundle cut at any length is refused by both readers alike", "[exhaustive]") {
  const Fixture fixture(test::tiny_content());
  for (std::size_t length = 0; length < fixture.bytes.size(); ++length) {
    const base::ByteView bytes = base::ByteView(fixture.bytes).first(length);
    check_both_refuse(fixture, bytes, "length " + std::to_string(length));
  }
}

TEST_CASE("Any bit flipped is refused", "[exhaustive]") {
  const Fixture fixture(test::tiny_content());
  base::Bytes bytes = fixture.bytes;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const std::byte mask{static_cast<unsigned char>(1U << (bit % 8))};
    bytes[bit / 8] ^= mask;
    const auto outcome = file_outcome(bytes, fixture.policy);
    if (!is_refusal(outcome)) FAIL("bit " << bit << ": " << outcome.line);
    bytes[bit / 8] ^= mask;
  }
}

TEST_CASE("A bit flipped in any byte is refused by both readers alike", "[exhaustive]") {
  const Fixture fixture(test::tiny_content());
  base::Bytes bytes = fixture.bytes;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::byte mask{static_cast<unsigned char>(1U << (at % 8))};
    bytes[at] ^= mask;
    check_both_refuse(fixture, bytes, "byte " + std::to_string(at));
    bytes[at] ^= mask;
  }
}

TEST_CASE("Anything behind the trailer is refused") {
  const Fixture fixture;
  for (const std::size_t extra : {1U, 511U, 512U, 1024U, 10240U}) {
    for (const std::byte value : {std::byte{0}, std::byte{'x'}}) {
      base::Bytes bytes = fixture.bytes;
      bytes.resize(bytes.size() + extra, value);
      check_both_refuse(fixture, bytes, "extra " + std::to_string(extra));
      CHECK(stream_outcome(bytes, fixture.policy).code == ErrorCode::malformed);
    }
  }
  base::Bytes twice = fixture.bytes;
  base::append(twice, fixture.bytes);
  check_both_refuse(fixture, twice, "two bundles");
}

TEST_CASE("A bundle cut inside the size of its seal is told from something else that is short") {
  const Fixture fixture;
  base::Bytes start = base::to_bytes(base::ByteView(fixture.bytes).first(128));
  CHECK(stream_outcome(start, fixture.policy).code == ErrorCode::truncated);
  CHECK(file_outcome(start, fixture.policy).code == ErrorCode::truncated);
  start.back() = std::byte{'9'};
  CHECK(stream_outcome(start, fixture.policy).code == ErrorCode::malformed);
  CHECK(file_outcome(start, fixture.policy).code == ErrorCode::malformed);
}

TEST_CASE("What is no bundle is told apart from a bundle cut short") {
  const Fixture fixture;
  CHECK(stream_outcome({}, fixture.policy).code == ErrorCode::truncated);
  for (const std::string& text :
       {std::string("hello"), std::string("\x1f\x8b\x08"), std::string(2000, 'x'), std::string(5000, '\0'),
        std::string(R"({"_type":"urn:gapstow:part:v1","bundle":")"), std::string("gapstow/seal.jsonx")}) {
    const auto outcome = stream_outcome(base::as_bytes(text), fixture.policy);
    CHECK(outcome.code == ErrorCode::malformed);
    CHECK(file_outcome(base::as_bytes(text), fixture.policy).line == outcome.line);
  }
}

TEST_CASE("A seal header cannot make a reader allocate what is not there") {
  base::Bytes header = archive::make_header(bundle::kSealName, bundle::kMaxSealBytes);
  CHECK(stream_outcome(header, {}).code == ErrorCode::truncated);
  header = archive::make_header(bundle::kSealName, bundle::kMaxSealBytes + 512);
  CHECK(stream_outcome(header, {}).code == ErrorCode::limit_exceeded);
  CHECK(file_outcome(header, {}).code == ErrorCode::limit_exceeded);
  header = archive::make_header(bundle::kSealName, 1000);
  CHECK(stream_outcome(header, {}).code == ErrorCode::malformed);
  header = archive::make_header(bundle::kSealName, 0);
  CHECK(stream_outcome(header, {}).code == ErrorCode::malformed);
}

TEST_CASE("How a stream is cut into reads does not matter") {
  const Fixture fixture;
  rc::check([&](const std::vector<std::uint16_t>& counts) {
    std::vector<std::size_t> sizes(counts.begin(), counts.end());
    ChoppySource source(fixture.bytes, sizes);
    test::CollectingConsumer consumer(fixture.policy);
    bundle::read_stream(source, consumer, {});
    RC_ASSERT(consumer.proven().size() == fixture.content.contents.size());
  });
}

TEST_CASE("Both readers agree on bundles with several faults, whatever the number of jobs") {
  const Fixture fixture;
  rc::check([&] {
    base::Bytes bytes = fixture.bytes;
    const int faults = *rc::gen::inRange(0, 4);
    for (int i = 0; i < faults; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      bytes[at] = std::byte{*rc::gen::arbitrary<unsigned char>()};
    }
    const auto length = *rc::gen::element(bytes.size(), *rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
    const base::ByteView view = base::ByteView(bytes).first(length);
    const auto streamed = stream_outcome(view, fixture.policy);
    for (const unsigned jobs : {1U, 3U}) {
      const auto read = file_outcome(view, fixture.policy, jobs);
      RC_ASSERT(read.code == streamed.code);
      RC_ASSERT(read.line == streamed.line);
    }
  });
}

TEST_CASE("The failure of the first entry in order is told, also when a larger one fails first") {
  const Fixture keys;
  std::vector<base::Bytes> layers;
  for (std::size_t i = 0; i < 6; ++i)
    layers.emplace_back(1000 * (i + 1), std::byte{static_cast<unsigned char>('a' + i)});
  const auto content = test::BundleMaker().image("example.test/app:1", layers).content();
  const auto seal = test::make_tight_seal(content.statement, {&keys.alice});
  base::Bytes bytes = test::bundle_bytes(seal, content.contents);
  const auto layout = bundle::lay_out(seal.claimed());
  const std::size_t first = seal.claimed().metadata_entries;
  bytes[static_cast<std::size_t>(layout.entries[first].end - 1)] = std::byte{1};  // padding of the smallest
  bytes[static_cast<std::size_t>(layout.entries.back().content)] ^= std::byte{1};
  for (const unsigned jobs : {1U, 2U, 8U}) {
    const auto outcome = file_outcome(bytes, keys.policy, jobs);
    CHECK(outcome.code == ErrorCode::malformed);
    CHECK(outcome.line == stream_outcome(bytes, keys.policy).line);
  }
}

TEST_CASE("Cancelling ends both readers") {
  const Fixture fixture;
  base::CancelToken cancel;
  std::atomic<std::uint64_t> seen{0};
  const bundle::ReadOptions options{.cancel = &cancel,
                                    .on_progress =
                                        [&](std::uint64_t bytes) {
                                          seen += bytes;
                                          if (seen > 5000) cancel.cancel();
                                        },
                                    .jobs = 2};
  const auto code_of = [&](auto&& read) {
    test::CollectingConsumer consumer(fixture.policy);
    return test::error_of([&] { read(consumer); });
  };
  CHECK(code_of([&](bundle::Consumer& consumer) {
          base::MemorySource source(fixture.bytes);
          bundle::read_stream(source, consumer, options);
        }) == ErrorCode::interrupted);
  CHECK(code_of([&](bundle::Consumer& consumer) {
          test::BundleMemoryFile file(fixture.bytes);
          bundle::read_file(file, consumer, options);
        }) == ErrorCode::interrupted);
}

TEST_CASE("Progress adds up to the whole bundle") {
  const Fixture fixture;
  std::atomic<std::uint64_t> seen{0};
  const bundle::ReadOptions options{
      .cancel = nullptr, .on_progress = [&](std::uint64_t bytes) { seen += bytes; }, .jobs = 2};
  test::CollectingConsumer consumer(fixture.policy);
  base::MemorySource source(fixture.bytes);
  bundle::read_stream(source, consumer, options);
  CHECK(seen == fixture.bytes.size());
  seen = 0;
  test::BundleMemoryFile file(fixture.bytes);
  bundle::read_file(file, consumer, options);
  CHECK(seen == fixture.bytes.size());
}

/// A sink that fails, as a full disk does.
class FullDisk final : public bundle::Consumer {
 public:
  explicit FullDisk(bundle::SealPolicy policy) : policy_(std::move(policy)) {}
  bundle::SealPolicy on_claim(const bundle::Seal&) override { return policy_; }
  void on_seal(const bundle::Seal&, const bundle::SealSigners&) override {}
  void on_metadata(const bundle::Entry&, base::ByteView) override {}
  void on_payload() override {}
  std::unique_ptr<base::Sink> open_payload(const bundle::Entry&) override {
    return std::make_unique<base::MemorySink>(0);
  }

 private:
  bundle::SealPolicy policy_;
};

TEST_CASE("What a consumer throws comes out of the readers") {
  const Fixture fixture;
  FullDisk consumer(fixture.policy);
  base::MemorySource source(fixture.bytes);
  CHECK_THROWS_AS(bundle::read_stream(source, consumer, {}), base::Error);
  test::BundleMemoryFile file(fixture.bytes);
  CHECK_THROWS_AS(bundle::read_file(file, consumer, {.cancel = nullptr, .on_progress = {}, .jobs = 4}), base::Error);
}

TEST_CASE("Without the keys nothing behind the seal is read") {
  const Fixture fixture;
  const sign::SecretKey mallory = test::seeded_key(7);
  const bundle::SealPolicy policy{{mallory.public_key()}, 1};
  const auto streamed = stream_outcome(fixture.bytes, policy);
  CHECK(streamed.code == ErrorCode::untrusted_key);
  CHECK(streamed.proven.empty());
  CHECK(file_outcome(fixture.bytes, policy).code == ErrorCode::untrusted_key);
}

}  // namespace
}  // namespace gapstow
