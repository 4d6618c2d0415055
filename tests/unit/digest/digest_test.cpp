#include "gapstow/digest/digest.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "support/chunked_source.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"

using namespace gapstow;
using base::as_bytes;
using base::to_bytes;
using digest::Algorithm;
using digest::Digest;

namespace {

// FIPS 180-4 examples: "abc" and the empty message.
const std::string kAbc256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string kEmpty256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const std::string kAbc512 =
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

test::ChunkedSource in_threes(std::string_view text) { return {to_bytes(text), {3}}; }

}  // namespace

TEST_CASE("digests of known messages") {
  CHECK(digest::sha256(as_bytes("abc")).hex() == kAbc256);
  CHECK(digest::sha256({}).hex() == kEmpty256);
  CHECK(digest::sha512(as_bytes("abc")).hex() == kAbc512);
  CHECK(digest::sha256(as_bytes("abc")).text() == "sha256:" + kAbc256);
  CHECK(digest::sha256(as_bytes("abc")).short_text() == "sha256:ba7816bf8f01");
  CHECK(digest::name(Algorithm::sha512) == "sha512");
}

TEST_CASE("a digest text has one spelling") {
  CHECK(Digest::parse("sha256:" + kAbc256) == digest::sha256(as_bytes("abc")));
  CHECK(Digest::parse("sha512:" + kAbc512) == digest::sha512(as_bytes("abc")));
  CHECK(Digest::from_sha256_hex(kAbc256) == digest::sha256(as_bytes("abc")));

  std::string upper = kAbc256;
  upper[0] = 'B';
  for (const std::string& text :
       {std::string(), kAbc256, "sha256:" + upper, "sha256:" + kAbc256.substr(1), "sha256:" + kAbc256 + "0",
        "sha256:" + kAbc512, "sha512:" + kAbc256, "SHA256:" + kAbc256, " sha256:" + kAbc256, "sha256:" + kAbc256 + "\n",
        "sha256::" + kAbc256.substr(1), std::string("sha256:"), ":" + kAbc256, std::string("sha256:../../etc"),
        "sha+:" + kAbc256, "sha256 :" + kAbc256, std::string("md5:"), std::string("md5:a b")}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Digest::parse(text), base::Error);
    CHECK(test::error_of([&] { Digest::parse(text); }) == base::ErrorCode::malformed);
  }
  REQUIRE_ERROR(malformed, Digest::from_sha256_hex("sha256:" + kAbc256));
}

TEST_CASE("other digest algorithms are told apart from nonsense") {
  REQUIRE_ERROR(unsupported, Digest::parse("blake3:" + kAbc256));
  REQUIRE_ERROR(unsupported, Digest::parse("sha384:" + kAbc256));
  REQUIRE_ERROR(unsupported, Digest::parse("multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"));
}

TEST_CASE("digest values have the size of their algorithm") {
  const base::Bytes bytes(64, std::byte{7});
  CHECK(Digest(Algorithm::sha512, bytes).algorithm() == Algorithm::sha512);
  REQUIRE_ERROR(malformed, Digest(Algorithm::sha256, bytes));
  REQUIRE_ERROR(malformed, Digest(Algorithm::sha512, base::ByteView(bytes).first(32)));
  REQUIRE_ERROR(malformed, Digest(Algorithm::sha256, {}));
}

TEST_CASE("an empty digest equals no computed one") {
  CHECK(Digest().empty());
  CHECK_FALSE(Digest() == digest::sha256({}));
  REQUIRE_ERROR(digest_mismatch, digest::check_bytes({}, 0, Digest()));
}

TEST_CASE("equal values of different algorithms differ") {
  CHECK(Digest(Algorithm::sha256, base::Bytes(32)) < Digest(Algorithm::sha256, base::Bytes(32, std::byte{1})));
  CHECK_FALSE(Digest(Algorithm::sha256, base::Bytes(32)) == Digest(Algorithm::sha512, base::Bytes(64)));
}

TEST_CASE("a hasher is finished once") {
  digest::Hasher hasher;
  hasher.update(as_bytes("abc"));
  CHECK(hasher.finish().hex() == kAbc256);
  REQUIRE_ERROR(internal, hasher.finish());
  REQUIRE_ERROR(internal, hasher.update(as_bytes("d")));
}

TEST_CASE("check_bytes looks at size and digest") {
  const Digest abc = digest::sha256(as_bytes("abc"));
  digest::check_bytes(as_bytes("abc"), 3, abc);
  digest::check_bytes(as_bytes("abc"), 3, digest::sha512(as_bytes("abc")));
  REQUIRE_ERROR(digest_mismatch, digest::check_bytes(as_bytes("abc"), 4, abc));
  REQUIRE_ERROR(digest_mismatch, digest::check_bytes(as_bytes("abd"), 3, abc));
}

TEST_CASE("a verifying source hands through the promised bytes only") {
  const Digest abc = digest::sha256(as_bytes("abcdefgh"));
  auto inner = in_threes("abcdefgh");
  digest::VerifyingSource good(inner, 8, abc);
  CHECK(base::read_all(good, 100) == to_bytes("abcdefgh"));
  std::byte more{};
  CHECK(good.read({&more, 1}) == 0);

  auto shorter = in_threes("abcdefg");
  digest::VerifyingSource truncated(shorter, 8, abc);
  REQUIRE_ERROR(truncated, base::read_all(truncated, 100));
  auto longer = in_threes("abcdefghi");
  digest::VerifyingSource extended(longer, 8, abc);
  REQUIRE_ERROR(digest_mismatch, base::read_all(extended, 100));
  auto other = in_threes("abcdefgx");
  digest::VerifyingSource changed(other, 8, abc);
  REQUIRE_ERROR(digest_mismatch, base::read_all(changed, 100));
  REQUIRE_ERROR(digest_mismatch, changed.read({&more, 1}));
}

TEST_CASE("the check comes before the last bytes are handed out") {
  auto inner = in_threes("abcdefgx");
  digest::VerifyingSource source(inner, 8, digest::sha256(as_bytes("abcdefgh")));
  base::Bytes out(8);
  CHECK(source.read(out) == 3);
  CHECK(source.read(out) == 3);
  REQUIRE_ERROR(digest_mismatch, source.read(out));
}

TEST_CASE("empty content is verified too") {
  std::byte out{};
  auto nothing = in_threes("");
  digest::VerifyingSource good(nothing, 0, digest::sha256({}));
  CHECK(good.read({&out, 1}) == 0);
  auto something = in_threes("a");
  digest::VerifyingSource extended(something, 0, digest::sha256({}));
  REQUIRE_ERROR(digest_mismatch, extended.read({&out, 1}));
  auto empty = in_threes("");
  digest::VerifyingSource wrong(empty, 0, digest::sha256(as_bytes("a")));
  REQUIRE_ERROR(digest_mismatch, wrong.read({&out, 1}));
}

TEST_CASE("after an error of its inner source a verifying source never looks like a clean end") {
  test::ChunkedSource inner(to_bytes("abc"), {3});
  inner.then_fail(base::Error(base::ErrorCode::io_read, "broken"));
  digest::VerifyingSource source(inner, 3, digest::sha256(as_bytes("abc")));
  std::byte out[4];
  REQUIRE_ERROR(io_read, source.read(out));
  CHECK(test::error_of([&] { source.read(out); }).has_value());
}

TEST_CASE("a hashing sink hashes and counts what it passes on") {
  base::MemorySink memory;
  digest::HashingSink sink(memory, Algorithm::sha512);
  sink.write(as_bytes("a"));
  sink.write({});
  sink.write(as_bytes("bc"));
  sink.finish();
  CHECK(sink.size() == 3);
  CHECK(sink.digest().hex() == kAbc512);
  CHECK(memory.bytes() == to_bytes("abc"));
}

TEST_CASE("digest properties") {
  rc::prop("text and parse are inverse", [] {
    const Digest made = digest::sha256(*test::any_bytes());
    RC_ASSERT(Digest::parse(made.text()) == made);
  });
  rc::prop("the cuts between updates do not matter", [] {
    const base::Bytes bytes = *test::any_bytes();
    test::ChunkedSource source(bytes, *test::chunk_sizes());
    base::NullSink null;
    digest::HashingSink sink(null);
    base::copy(source, sink);
    RC_ASSERT(sink.digest() == digest::sha256(bytes));
    RC_ASSERT(sink.size() == bytes.size());
  });
  rc::prop("any chunking of a changed byte is refused, of the right bytes accepted", [] {
    base::Bytes bytes = *rc::gen::nonEmpty(test::any_bytes());
    const Digest expected = digest::sha256(bytes);
    test::ChunkedSource same(bytes, *test::chunk_sizes());
    digest::VerifyingSource good(same, bytes.size(), expected);
    RC_ASSERT(base::read_all(good, UINT64_MAX) == bytes);
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] ^= std::byte{1};
    test::ChunkedSource changed(bytes, *test::chunk_sizes());
    digest::VerifyingSource bad(changed, bytes.size(), expected);
    RC_ASSERT(test::error_of([&] { base::read_all(bad, UINT64_MAX); }) == base::ErrorCode::digest_mismatch);
  });
}
