// Lines: the small layout tools of the text reports.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/report/style.h"

namespace gapstow::report {

/// "  Label     text": a labelled line; an empty label continues the one above.
std::string line(const Style& style, std::string_view label, std::string_view text);

/// Rows in columns, indented, each column as wide as its widest cell (escape codes not counted).
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t indent);

/// "9586150e953c…": enough of a key ID or digest to recognise it.
std::string abbreviate(std::string_view hex);
std::vector<std::string> abbreviate(const std::vector<std::string>& hexes);

/// "in 9 years" or "3 days ago", seen from `now`.
std::string relative(base::Time when, base::Time now);

/// Names of dialects as people know them: "notary-v1" -> "Docker Content Trust (Notary v1)".
std::string dialect_name(std::string_view dialect);

}  // namespace gapstow::report
