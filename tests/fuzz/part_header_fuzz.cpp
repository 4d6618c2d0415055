// Headers of parts: one spelling, a place within the bundle.
#include "fuzz/fuzz.h"
#include "gapstow/bundle/parts.h"

using namespace gapstow;

FUZZ_TARGET(input) {
  const auto header = fuzz::accepted([&] { return bundle::parse_part_header(input); });
  if (!header) return;
  fuzz::require(base::equal(bundle::write_part_header(*header), input), "a part header has one spelling");
  fuzz::require(header->size > 0 && header->offset <= header->total && header->size <= header->total - header->offset,
                "a part lies within its bundle");
}
