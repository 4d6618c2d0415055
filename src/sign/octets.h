// Bytes as the C libraries want them.
#pragma once

#include <span>

#include "gapstow/base/bytes.h"

namespace gapstow::sign {

inline const unsigned char* octets(base::ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* writable_octets(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace gapstow::sign
