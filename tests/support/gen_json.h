// RapidCheck generators for JSON values.
#pragma once

#include <rapidcheck.h>

#include <ostream>

#include "gapstow/json/value.h"

namespace gapstow::json {

/// So that failed checks show the value.
std::ostream& operator<<(std::ostream& out, const Value& value);

}  // namespace gapstow::json

namespace gapstow::test {

/// Null, booleans, safe integers, texts, arrays and objects, at most `depth` containers deep; no reals.
rc::Gen<json::Value> any_json(int depth = 4);

}  // namespace gapstow::test
