#include "gapstow/archive/decompress.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "gapstow/base/error.h"
#include "support/chunked_source.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"
#include "support/tar_maker.h"

using namespace gapstow;
using archive::Compression;
using archive::compression_of;
using base::ErrorCode;

namespace {

std::string unpack(const std::string& bytes, std::uint64_t limit = 1 << 24) {
  auto inner = std::make_unique<base::OwnedSource>(base::to_bytes(bytes));
  return test::drain(*archive::decompress(std::move(inner), limit));
}

std::optional<ErrorCode> failure(const std::string& bytes, std::uint64_t limit = 1 << 24) {
  return test::error_of([&] { unpack(bytes, limit); });
}

}  // namespace

TEST_CASE("The kind is told by the first bytes", "[decompress]") {
  CHECK(compression_of(base::as_bytes(test::gzip("x"))) == Compression::gzip);
  CHECK(compression_of(base::as_bytes(test::zstd("x"))) == Compression::zstd);
  CHECK(compression_of(base::as_bytes("BZh9")) == Compression::bzip2);
  CHECK(compression_of(base::as_bytes("plain")) == Compression::none);
  CHECK(compression_of({}) == Compression::none);
  CHECK(compression_of(base::as_bytes("\x1f")) == Compression::none);
}

TEST_CASE("Streams of every kind come out whole", "[decompress]") {
  const std::string text(1'000'000, 'y');
  CHECK(unpack(test::gzip(text)) == text);
  CHECK(unpack(test::gzip_stored(text)) == text);
  CHECK(unpack(test::zstd(text)) == text);
  CHECK(unpack(text) == text);
  CHECK(unpack(test::gzip_stored("")).empty());
  CHECK(unpack(test::zstd("")).empty());
  CHECK(unpack("").empty());
  CHECK(unpack("a") == "a");
}

TEST_CASE("Several members or frames are one stream", "[decompress]") {
  CHECK(unpack(test::gzip("one ") + test::gzip_stored("two ") + test::gzip("three")) == "one two three");
  CHECK(unpack(test::zstd("one ") + test::zstd("two")) == "one two");
  const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  CHECK(unpack(skippable + test::zstd("x") + skippable) == "x");
}

TEST_CASE("A compressed file inside is content", "[decompress]") {
  const std::string inner = test::gzip("inside");
  CHECK(unpack(test::gzip(inner)) == inner);
  CHECK(unpack(test::zstd(inner)) == inner);
}

TEST_CASE("The limit holds", "[decompress]") {
  const std::string text(100'000, 'z');
  for (const auto& packed : {test::gzip(text), test::zstd(text), text}) {
    CHECK(unpack(packed, text.size()) == text);
    CHECK(failure(packed, text.size() - 1) == ErrorCode::limit_exceeded);
    CHECK(failure(packed, 0) == ErrorCode::limit_exceeded);
  }
}

TEST_CASE("Cut, damaged and continued streams are refused", "[decompress]") {
  const std::string text = "some text that is long enough to be of use, some text that is long enough";
  for (const auto& packed : {test::gzip(text), test::gzip_stored(text), test::zstd(text)}) {
    for (std::size_t length = 6; length < packed.size(); ++length) {
      INFO(length << " of " << packed.size());
      REQUIRE(failure(packed.substr(0, length)) == ErrorCode::truncated);
    }
    CHECK(failure(packed + "garbage") == ErrorCode::malformed);
    CHECK(failure(packed + std::string(1, '\0')));
  }
  std::string bad = test::gzip(text);
  bad[bad.size() - 8] ^= 1;
  CHECK(failure(bad) == ErrorCode::malformed);
  bad = test::gzip(text);
  bad[bad.size() - 1] ^= 1;
  CHECK(failure(bad) == ErrorCode::malformed);
  bad = test::gzip_stored(text);
  bad[30] ^= 1;
  CHECK(failure(bad) == ErrorCode::malformed);
}

TEST_CASE("Any bytes, cut into any pieces, survive", "[decompress]") {
  CHECK(rc::check("round trip", [] {
    const base::Bytes bytes = *test::any_bytes();
    const auto sizes = *rc::gen::nonEmpty(test::chunk_sizes());
    const std::string text(base::as_text(bytes));
    for (const auto& packed : {test::gzip(text), test::zstd(text), test::gzip_stored(text)}) {
      auto inner = std::make_unique<test::ChunkedSource>(base::to_bytes(packed), sizes);
      RC_ASSERT(test::drain(*archive::decompress(std::move(inner), 1 << 20)) == text);
    }
  }));
}

TEST_CASE("Errors of the inner stream come through", "[decompress]") {
  for (const auto& packed : {test::gzip(std::string(5000, 'a')), test::zstd(std::string(5000, 'a'))}) {
    auto inner =
        std::make_unique<test::ChunkedSource>(base::to_bytes(packed.substr(0, 12)), std::vector<std::size_t>{4});
    inner->then_fail(base::Error(ErrorCode::io_read, "broken disk"));
    CHECK(test::error_of([&] { test::drain(*archive::decompress(std::move(inner), 1 << 20)); }) == ErrorCode::io_read);
  }
}
