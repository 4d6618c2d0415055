// PEM blocks, read strictly. Source: RFC 7468, "standard" textual encoding; no headers, no text between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/bytes.h"

namespace gapstow::sign {

/// No PEM text that gapstow reads is larger; a chain of 16 certificates is well below.
inline constexpr std::size_t kMaxPemBytes = 1 << 20;

struct PemBlock {
  std::string label;
  base::Bytes der;
};

/// All blocks of a text. White space may stand around blocks and in their base64, anything else is
/// Error{malformed}; more than `max_blocks` or too long a text is Error{limit_exceeded}.
std::vector<PemBlock> read_pem(std::string_view text, std::size_t max_blocks);

/// One block, lines of 64 characters, a line feed at the end.
std::string write_pem(std::string_view label, base::ByteView der);

}  // namespace gapstow::sign
