// Image references: what is accepted has one normal form, and that form is accepted as itself.
#include "fuzz/fuzz.h"
#include "gapstow/oci/reference.h"

using namespace gapstow;

FUZZ_TARGET(input) {
  const auto reference = fuzz::accepted([&] { return oci::parse_reference(base::as_text(input)); });
  if (!reference) return;
  fuzz::require(oci::parse_reference(reference->text()) == *reference, "the normal form parses to itself");
  fuzz::require(!reference->tag.empty() || reference->digest, "a reference names something");
  if (reference->tag.empty()) return;
  oci::Reference tagged = *reference;
  tagged.digest.reset();
  fuzz::require(oci::parse_reference(reference->familiar()) == tagged, "the familiar form means the same");
}
