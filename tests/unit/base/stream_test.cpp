#include "gapstow/base/stream.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "support/chunked_source.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"

using namespace gapstow;
using namespace gapstow::base;

namespace {

std::unique_ptr<Source> owned(std::string_view text) { return std::make_unique<OwnedSource>(to_bytes(text)); }

}  // namespace

TEST_CASE("memory is read to its end, and the end stays") {
  MemorySource source(as_bytes("abc"));
  Bytes out(2);
  CHECK(source.read(out) == 2);
  CHECK(source.read(out) == 1);
  CHECK(source.read(out) == 0);
  CHECK(source.read(out) == 0);
}

TEST_CASE("read_full and read_exact gather short reads") {
  test::ChunkedSource source(to_bytes("abcdef"), {1, 2});
  Bytes out(4);
  read_exact(source, out);
  CHECK(out == to_bytes("abcd"));
  CHECK(read_full(source, out) == 2);
  CHECK(read_full(source, out) == 0);
  read_exact(source, {});
  REQUIRE_ERROR(truncated, read_exact(source, out));
}

TEST_CASE("read_all is bounded") {
  MemorySource fits(as_bytes("abc"));
  CHECK(read_all(fits, 3) == to_bytes("abc"));
  MemorySource exceeds(as_bytes("abcd"));
  REQUIRE_ERROR(limit_exceeded, read_all(exceeds, 3));
  MemorySource empty({});
  CHECK(read_all(empty, 0).empty());
}

TEST_CASE("a memory sink is bounded") {
  MemorySink sink(3);
  sink.write(as_bytes("ab"));
  REQUIRE_ERROR(limit_exceeded, sink.write(as_bytes("cd")));
  sink.write(as_bytes("c"));
  sink.finish();
  CHECK(sink.take() == to_bytes("abc"));
}

TEST_CASE("an exact source gives its size or fails") {
  MemorySource inner(as_bytes("abcdef"));
  ExactSource first(inner, 4);
  CHECK(read_all(first, 10) == to_bytes("abcd"));
  CHECK(first.left() == 0);
  ExactSource second(inner, 3);
  Bytes out(10);
  CHECK(second.read(out) == 2);
  CHECK(second.left() == 1);
  REQUIRE_ERROR(truncated, second.read(out));
  ExactSource nothing(inner, 0);
  CHECK(nothing.read(out) == 0);
}

TEST_CASE("a limited source refuses the byte after its limit") {
  LimitedSource fits(owned("abc"), 3);
  CHECK(read_all(fits, 10) == to_bytes("abc"));
  LimitedSource shorter(owned("ab"), 3);
  CHECK(read_all(shorter, 10) == to_bytes("ab"));
  LimitedSource exceeds(owned("abcd"), 3);
  REQUIRE_ERROR(limit_exceeded, read_all(exceeds, 10));
  LimitedSource empty(owned(""), 0);
  CHECK(read_all(empty, 10).empty());
}

TEST_CASE("errors of a source pass through") {
  test::ChunkedSource source(to_bytes("abc"), {1});
  source.then_fail(Error(ErrorCode::io_read, "broken"));
  NullSink sink;
  REQUIRE_ERROR(io_read, copy(source, sink));
}

TEST_CASE("stream properties") {
  rc::prop("the size of reads does not matter", [] {
    const Bytes bytes = *test::any_bytes();
    test::ChunkedSource source(bytes, *test::chunk_sizes());
    MemorySink sink;
    RC_ASSERT(copy(source, sink) == bytes.size());
    RC_ASSERT(sink.bytes() == bytes);
    test::ChunkedSource again(bytes, *test::chunk_sizes());
    ExactSource exact(again, bytes.size());
    RC_ASSERT(read_all(exact, UINT64_MAX) == bytes);
  });
}
