// How names out of metadata are shown in messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gapstow::tuf {

/// The first 12 characters of an ID, printable.
std::string short_id(std::string_view id);
/// A name in quotes, printable, cut when it is very long.
std::string quoted(std::string_view name);
/// "a, b and 3 more".
std::string listed(const std::vector<std::string>& items, std::size_t most = 6);

}  // namespace gapstow::tuf
