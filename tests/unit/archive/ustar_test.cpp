#include "gapstow/archive/ustar.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "gapstow/base/error.h"

using gapstow::archive::entry_span;
using gapstow::archive::is_canonical_name;
using gapstow::archive::kBlock;
using gapstow::archive::kMaxEntrySize;
using gapstow::archive::kMaxUstarSize;
using gapstow::archive::make_header;
using gapstow::base::as_text;
using gapstow::base::Bytes;
using gapstow::base::Error;
using gapstow::base::ErrorCode;

namespace {

ErrorCode code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("no error");
  return ErrorCode::internal;
}

unsigned checksum(std::string_view block) {
  unsigned sum = 8 * ' ';
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (i < 148 || i >= 156) sum += static_cast<unsigned char>(block[i]);
  }
  return sum;
}

}  // namespace

TEST_CASE("A header follows from name and size alone", "[ustar]") {
  const Bytes header = make_header("blobs/sha256/abc", 1234);
  const std::string_view text = as_text(header);
  REQUIRE(text.size() == kBlock);
  CHECK(text.substr(0, 17) == std::string("blobs/sha256/abc\0", 17));
  CHECK(text.substr(100, 8) == std::string("0000444\0", 8));
  CHECK(text.substr(108, 16) == std::string("0000000\0000000000\0", 16));
  CHECK(text.substr(124, 12) == std::string("00000002322\0", 12));
  CHECK(text.substr(136, 12) == std::string("00000000000\0", 12));
  CHECK(text[156] == '0');
  CHECK(text.substr(257, 8) == std::string("ustar\00000", 8));
  CHECK(text.substr(265, 64) == std::string(64, '\0'));
  CHECK(text.substr(329, 16) == std::string("0000000\0000000000\0", 16));
  CHECK(std::stoul(std::string(text.substr(148, 6)), nullptr, 8) == checksum(text));
  CHECK(text.substr(154, 2) == std::string("\0 ", 2));
  CHECK(text.substr(345) == std::string(167, '\0'));
}

TEST_CASE("Long names are cut at a slash", "[ustar]") {
  const std::string folder(120, 'd');
  const std::string leaf(100, 'f');
  const Bytes bytes = make_header(folder + "/" + leaf, 0);
  const std::string_view header = as_text(bytes);
  CHECK(header.substr(0, 100) == leaf);
  CHECK(header.substr(345, 121) == folder + std::string(1, '\0'));
  CHECK_FALSE(is_canonical_name(folder + "/" + leaf + "f"));
  CHECK_FALSE(is_canonical_name(std::string(156, 'd') + "/" + leaf));
  CHECK(is_canonical_name(std::string(155, 'd') + "/" + leaf));
  CHECK(is_canonical_name(std::string(100, 'x')));
  CHECK_FALSE(is_canonical_name(std::string(101, 'x')));
}

TEST_CASE("A size beyond ustar goes into one pax record", "[ustar]") {
  CHECK(make_header("a", kMaxUstarSize).size() == kBlock);
  const Bytes bytes = make_header("a", kMaxUstarSize + 1);
  const std::string_view header = as_text(bytes);
  REQUIRE(header.size() == 3 * kBlock);
  CHECK(header[156] == 'x');
  CHECK(header.substr(kBlock, 19) == "19 size=8589934592\n");
  CHECK(header.substr(2 * kBlock, 2) == std::string("a\0", 2));
  CHECK(header.substr(2 * kBlock + 124, 12) == std::string("00000000000\0", 12));
  CHECK(entry_span("a", kMaxUstarSize + 1) == 3 * kBlock + kMaxUstarSize + 1);
}

TEST_CASE("Names that readers may take differently have no form", "[ustar]") {
  for (const char* name : {"", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "a\nb", "\xc3\xa4", "a*b"}) {
    INFO(name);
    CHECK_FALSE(is_canonical_name(name));
    CHECK(code_of([&] { make_header(name, 0); }) == ErrorCode::limit_exceeded);
    CHECK(code_of([&] { entry_span(name, 0); }) == ErrorCode::limit_exceeded);
  }
  CHECK_FALSE(is_canonical_name(std::string_view("a\0b", 3)));
  CHECK(is_canonical_name("gapstow/trust/localhost:5000,a@b=c~d%e f/1.root.json"));
  CHECK(code_of([] { make_header("a", kMaxEntrySize + 1); }) == ErrorCode::limit_exceeded);
  CHECK(make_header("a", kMaxEntrySize).size() == 3 * kBlock);
}

TEST_CASE("Spans are whole blocks and hold header and content", "[ustar]") {
  CHECK(rc::check("span", [](std::uint32_t size) {
    const std::uint64_t span = entry_span("blobs/x", size);
    RC_ASSERT(span % kBlock == 0U);
    RC_ASSERT(span >= kBlock + size);
    RC_ASSERT(span < 2 * kBlock + size);
  }));
}
