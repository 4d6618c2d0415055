// RapidCheck generators for bytes and texts.
#pragma once

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "gapstow/base/bytes.h"

namespace gapstow::test {

/// Bytes of any value, length growing with the size of the run.
inline rc::Gen<base::Bytes> any_bytes() {
  return rc::gen::map(rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>()),
                      [](const std::vector<std::uint8_t>& values) {
                        base::Bytes bytes;
                        for (const std::uint8_t value : values) bytes.push_back(std::byte{value});
                        return bytes;
                      });
}

/// The sizes of a few reads or writes.
inline rc::Gen<std::vector<std::size_t>> chunk_sizes() {
  return rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 17));
}

/// The UTF-8 form of a code point that is not a surrogate.
std::string utf8(char32_t code_point);

/// Well-formed UTF-8: controls, quotes, letters and characters of two to four bytes.
rc::Gen<std::string> any_text();

}  // namespace gapstow::test
