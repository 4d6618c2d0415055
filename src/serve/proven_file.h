// A file of which nothing is read but what was proven.
#pragma once

#include <memory>

#include "gapstow/base/fs.h"

namespace gapstow::serve {

/// `file` as it was when it had this stamp. Every read looks at the stamp once the bytes are there, so that no moment
/// is left between the look and the read; Error{conflict} when it is another one.
std::shared_ptr<base::File> proven_file(std::shared_ptr<base::File> file, const base::FileStamp& stamp);

}  // namespace gapstow::serve
