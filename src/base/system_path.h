// Paths on their way to the system.
#pragma once

#include <string>

#include "gapstow/base/error.h"

namespace gapstow::base {

/// The system would cut a name at a NUL and open another file: Error{malformed}.
inline const char* system_path(const std::string& path) {
  if (path.find('\0') != std::string::npos) throw Error(ErrorCode::malformed, "path '" + path + "' holds a NUL");
  return path.c_str();
}

}  // namespace gapstow::base
