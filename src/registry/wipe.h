// Secrets do not stay in memory that was given back.
#pragma once

#include <string.h>

#include <string>

#include "gapstow/base/bytes.h"

namespace gapstow::registry {

inline void wipe(std::string& text) {
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

inline void wipe(base::Bytes& bytes) {
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
  bytes.clear();
}

}  // namespace gapstow::registry
