// Hexadecimal and base64 have one spelling each; texts that are shown hold no control characters.
#include "fuzz/fuzz.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/text.h"

using namespace gapstow;

FUZZ_TARGET(input) {
  const std::string_view text = base::as_text(input);
  if (const auto bytes = fuzz::accepted([&] { return base::from_hex(text); })) {
    fuzz::require(base::hex(*bytes) == text, "accepted hexadecimal is the one spelling");
  }
  if (const auto bytes = fuzz::accepted([&] { return base::from_base64(text); })) {
    fuzz::require(base::base64(*bytes) == text, "accepted base64 is the one spelling");
  }
  fuzz::require(base::equal(base::from_hex(base::hex(input)), input), "hexadecimal keeps the bytes");
  fuzz::require(base::equal(base::from_base64(base::base64(input)), input), "base64 keeps the bytes");
  const std::string shown = base::printable(text);
  fuzz::require(base::is_utf8(shown) && base::printable(shown) == shown, "printable text stays as it is");
  fuzz::accepted([&] { return base::parse_size(text); });
}
