// Statements: one spelling, and positions that can be computed.
#include "fuzz/fuzz.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/statement.h"

using namespace gapstow;

FUZZ_TARGET(input) {
  const auto statement = fuzz::accepted([&] { return bundle::parse_statement(input); });
  if (!statement) return;
  fuzz::require(base::equal(bundle::write_statement(*statement), input), "a statement has one spelling");
  const bundle::Layout layout = bundle::lay_out(*statement);
  fuzz::require(layout.total <= bundle::kMaxBundleBytes, "the size of a bundle is bounded");
  std::uint64_t at = layout.seal_content + statement->seal_size;
  for (const bundle::EntryPosition& position : layout.entries) {
    fuzz::require(position.header == at && position.content > at && position.end >= position.content,
                  "entries follow each other");
    at = position.end;
  }
  fuzz::require(at < layout.total, "the trailer follows");
}
