// Hexadecimal and base64, strict in both directions: every accepted text has exactly one spelling.
#pragma once

#include <string>
#include <string_view>

#include "gapstow/base/bytes.h"

namespace gapstow::base {

/// Lower-case hexadecimal.
std::string hex(ByteView bytes);
/// Lower-case hexadecimal of even length only. Throws Error{malformed}.
Bytes from_hex(std::string_view text);
/// True for a text of exactly `digits` lower-case hexadecimal digits.
bool is_hex(std::string_view text, std::size_t digits);

/// RFC 4648 section 4, with padding, without line breaks.
std::string base64(ByteView bytes);
/// The same alphabet; padding must be there and unused bits must be zero. Throws Error{malformed}.
Bytes from_base64(std::string_view text);

}  // namespace gapstow::base
