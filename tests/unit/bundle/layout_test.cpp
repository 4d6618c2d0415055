#include "gapstow/bundle/layout.h"

#include <catch2/catch.hpp>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/error.h"
#include "support/bundle_maker.h"

namespace gapstow {
namespace {

TEST_CASE("Positions are those of the written bundle") {
  const auto content = test::small_content();
  const sign::SecretKey alice = test::seeded_key(1);
  const auto seal = test::make_tight_seal(content.statement, {&alice});
  const base::Bytes bytes = test::bundle_bytes(seal, content.contents);
  const bundle::Layout layout = bundle::lay_out(seal.claimed());
  REQUIRE(layout.entries.size() == content.contents.size());
  CHECK(layout.total == bytes.size());
  CHECK(layout.seal_content == 512);
  for (std::size_t i = 0; i < layout.entries.size(); ++i) {
    const auto& position = layout.entries[i];
    const base::ByteView view(bytes);
    const auto content_size = content.contents[i].size();
    CHECK(base::equal(view.subspan(position.content, content_size), content.contents[i]));
    CHECK(position.content - position.header == 512);
    CHECK(position.end == (i + 1 < layout.entries.size() ? layout.entries[i + 1].header : layout.total - 1024));
  }
}

TEST_CASE("An entry too large for ustar has a header of three blocks") {
  bundle::Statement statement;
  statement.seal_size = 512;
  statement.entries = {{"a", archive::kMaxUstarSize, {}}, {"b", archive::kMaxUstarSize + 1, {}}, {"c", 0, {}}};
  const bundle::Layout layout = bundle::lay_out(statement);
  CHECK(layout.entries[0].header == 1024);
  CHECK(layout.entries[0].content == 1536);
  CHECK(layout.entries[1].header == 1536 + (1ULL << 33));
  CHECK(layout.entries[1].content == layout.entries[1].header + 1536);
  CHECK(layout.entries[2].header == layout.entries[1].content + (1ULL << 33));
  CHECK(layout.entries[2].content == layout.entries[2].end);
  CHECK(layout.total == layout.entries[2].end + 1024);
}

TEST_CASE("Positions that overflow are refused") {
  bundle::Statement statement;
  statement.seal_size = 512;
  statement.entries.assign(16, {"a", archive::kMaxEntrySize, {}});
  CHECK_THROWS_AS(bundle::lay_out(statement), base::Error);
}

}  // namespace
}  // namespace gapstow
