// The order of an object's members, shared by Object and the parser.
#pragma once

#include <string>
#include <vector>

#include "gapstow/json/value.h"

namespace gapstow::json {

/// Sorts by the bytes of the names. The first name that occurs twice, or nullptr.
const std::string* sort_members(std::vector<Object::Member>& members);

}  // namespace gapstow::json
