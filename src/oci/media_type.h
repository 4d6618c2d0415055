// Media types as documents name them.
#pragma once

#include <string>

#include "gapstow/json/cursor.h"

namespace gapstow::oci {

/// Error{malformed} for anything that is no media type.
std::string read_media_type(const json::Cursor& at);

}  // namespace gapstow::oci
