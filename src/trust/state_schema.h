// What the state database looks like (formats/state.md), and the proof that a file is one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/trust/state.h"
#include "sqlite.h"

namespace gapstow::trust {

/// Makes the tables in an empty file.
void create_schema(Database& database);

/// Error{state_unavailable} unless this is a whole state database of this version: application ID, version, structure,
/// tables and triggers, and the checksum of each row that decides something.
void examine(Database& database);

/// Checksums over the values of a row, hex. A bit that flips in a value is invisible to SQLite.
std::string seen_sum(std::string_view identity, std::string_view gun, std::string_view role, std::int64_t version,
                     std::string_view sha256);
std::string clock_sum(base::Time floor);
/// Over the sums of all versions seen, the floor and the newest record.
std::string whole_sum(Database& database);
/// Over the record and the sum of the record before it, so that none can be taken out of the middle.
std::string record_sum(std::string_view previous, const HistoryRecord& record);

}  // namespace gapstow::trust
