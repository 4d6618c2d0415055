// TOML as the values that everything else reads.
#pragma once

#include <string>
#include <string_view>

#include "gapstow/base/fs.h"
#include "gapstow/json/value.h"

namespace gapstow::cluster {

inline constexpr std::uint64_t kMaxTomlBytes = 1 << 20;

/// Dates become their text. Error{malformed} names the place; `name` is for messages.
json::Object parse_toml(std::string_view text, const std::string& name);
json::Object read_toml(base::ReadFs& fs, const std::string& path);

/// What stands at the end of a way of names, or nullptr.
const json::Value* find_value(const json::Value& from, const std::vector<std::string>& way);
/// Members of `over` win; tables are merged.
json::Object merge_tables(json::Object under, const json::Object& over);

}  // namespace gapstow::cluster
