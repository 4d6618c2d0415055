// Reading JSON that other tools made, and that other tools will read with other eyes.
#pragma once

#include <initializer_list>
#include <string_view>

#include "gapstow/base/bytes.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/value.h"

namespace gapstow::oci {

/// Strict as every parse, but fractions are let in: configurations of other tools may have them.
json::Value parse_foreign(base::ByteView bytes, std::uint64_t limit);

/// Refuses members whose names Go's case-blind decoder would take for one of `names`: two readers, two contents.
void check_names(const json::Cursor& at, std::initializer_list<std::string_view> names);

/// A member that is there and not null; Go writes null for what is empty.
std::optional<json::Cursor> maybe_set(const json::Cursor& at, std::string_view name);

}  // namespace gapstow::oci
