// How the header of a part begins.
#pragma once

#include "gapstow/base/bytes.h"

namespace gapstow::bundle {

/// True for bytes that begin like a part of this or a newer version.
bool is_part_start(base::ByteView bytes);

}  // namespace gapstow::bundle
