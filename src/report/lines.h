// Lines: the small layout tools of the text reports.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/base/time.h"
#include "gapstow/report/style.h"

namespace gapstow::report {

/// "  Label     text": a labelled line; an empty label continues the one above.
std::string line(const Style& style, std::string_view label, std::string_view text);

/// Rows in columns, indented, each column as wide as its widest cell (escape codes not counted).
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t indent);

/// Items with commas between them, in as many continued lines as fit a terminal; `lead` stands before the first.
std::string wrapped(const Style& style, std::string_view lead, const std::vector<std::string>& items);

using base::counted;

/// What was not proven is refused, what could not be tried or done has failed: "REFUSED [denied] what: why".
std::string failure_text(const Style& style, base::ErrorCode code, std::string_view reason);
/// `line` without "what: " at its start, where contexts repeat the name of what they speak of.
std::string_view without_name(std::string_view line, std::string_view what);

/// "9586150e953c…": enough of a key ID or digest to recognise it.
std::string abbreviate(std::string_view hex);
std::vector<std::string> abbreviate(const std::vector<std::string>& hexes);

/// "in 9 years" or "3 days ago", seen from `now`.
std::string relative(base::Time when, base::Time now);

/// Names of dialects as people know them: "notary-v1" -> "Docker Content Trust (Notary v1)".
std::string dialect_name(std::string_view dialect);

}  // namespace gapstow::report
