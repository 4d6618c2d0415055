// Making a folder with all that is above it.
#pragma once

#include <cstdint>
#include <string>

#include "gapstow/base/fs.h"

namespace gapstow::trust {

/// Creates what is missing of `path`, durably. Error{conflict} when something else than a folder is in the way.
void make_folders(base::WriteFs& fs, const std::string& path, std::uint32_t mode);

}  // namespace gapstow::trust
