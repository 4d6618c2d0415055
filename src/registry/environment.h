// The environment variables that registries' tools share.
#pragma once

#include <cstdlib>
#include <string>

namespace gapstow::registry {

/// "" when the variable is unset, which means the same everywhere here.
inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace gapstow::registry
