#include "gapstow/base/read_ahead.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "support/chunked_source.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"

using namespace gapstow;
using namespace gapstow::base;

namespace {

Bytes numbered(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 31 + i / 251);
  return bytes;
}

/// Never ends.
class Endless final : public Source {
 public:
  std::size_t read(std::span<std::byte> out) override {
    std::ranges::fill(out, std::byte{1});
    return out.size();
  }
};

class Throwing final : public Source {
 public:
  std::size_t read(std::span<std::byte>) override { throw std::runtime_error("not an Error"); }
};

}  // namespace

TEST_CASE("read-ahead gives the same bytes, at the edges of its chunks too") {
  const std::size_t sizes[] = {0, 1, kChunkSize - 1, kChunkSize, kChunkSize + 1, 12 * kChunkSize, 12 * kChunkSize + 7};
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    const Bytes bytes = numbered(size);
    MemorySource inner(bytes);
    ReadAhead source(inner);
    CHECK(equal(read_all(source, UINT64_MAX), bytes));
    std::byte more{};
    CHECK(source.read({&more, 1}) == 0);
  }
}

TEST_CASE("an error comes after all bytes that came before it, and stays") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, kChunkSize, 2 * kChunkSize + 5}) {
    CAPTURE(size);
    test::ChunkedSource inner(numbered(size), {70'000});
    inner.then_fail(Error(ErrorCode::io_read, "broken"));
    ReadAhead source(inner);
    MemorySink sink;
    REQUIRE_ERROR(io_read, copy(source, sink));
    CHECK(equal(sink.bytes(), numbered(size)));
    std::byte more{};
    REQUIRE_ERROR(io_read, source.read({&more, 1}));
  }
}

TEST_CASE("an exception of another kind becomes an internal error") {
  Throwing inner;
  ReadAhead source(inner);
  std::byte out{};
  REQUIRE_ERROR(internal, source.read({&out, 1}));
}

TEST_CASE("a reader may leave before the end") {
  Endless inner;
  {
    ReadAhead never_read(inner);
  }
  ReadAhead source(inner);
  Bytes out(3 * kChunkSize);
  read_exact(source, out);
  CHECK(out.back() == std::byte{1});
}

TEST_CASE("read-ahead properties") {
  rc::prop("the size of reads on either side does not matter", [] {
    const Bytes bytes = *test::any_bytes();
    test::ChunkedSource inner(bytes, *test::chunk_sizes());
    ReadAhead source(inner);
    Bytes out(*rc::gen::inRange<std::size_t>(1, 9));
    Bytes all;
    while (const std::size_t count = source.read(out)) append(all, ByteView(out).first(count));
    RC_ASSERT(all == bytes);
  });
}
