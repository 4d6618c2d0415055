#include "support/gen_bytes.h"

namespace gapstow::test {

std::string utf8(char32_t code_point) {
  const auto tail = [&](unsigned shift) { return static_cast<char>(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {static_cast<char>(0xC0 | code_point >> 6), tail(0)};
  if (code_point < 0x10000) return {static_cast<char>(0xE0 | code_point >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | code_point >> 18), tail(12), tail(6), tail(0)};
}

rc::Gen<std::string> any_text() {
  using rc::gen::inRange;
  const auto code_point = rc::gen::oneOf(inRange(0x00, 0x20), inRange(0x20, 0x80), inRange(0x80, 0x800),
                                         inRange(0x800, 0xD800), inRange(0xE000, 0x10000), inRange(0x10000, 0x110000),
                                         rc::gen::element<int>('"', '\\', '/', 0x7F, 0x2028));
  return rc::gen::map(rc::gen::container<std::vector<int>>(code_point), [](const std::vector<int>& points) {
    std::string text;
    for (const int point : points) text += utf8(static_cast<char32_t>(point));
    return text;
  });
}

}  // namespace gapstow::test
