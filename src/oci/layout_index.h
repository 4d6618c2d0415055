// Changing an index.json that is there already.
#pragma once

#include <string>

#include "gapstow/base/fs.h"
#include "gapstow/json/value.h"

namespace gapstow::oci {

/// The index with every member it has. Error{malformed} when it is none.
json::Object read_index_object(base::ReadFs& fs, const std::string& path);

/// The old index with the new entries at its end. Old entries of the same ref.name give way, and those without a name
/// whose digest comes again without one; all others stay.
std::string merge_index(json::Object index, const json::Array& entries);

}  // namespace gapstow::oci
