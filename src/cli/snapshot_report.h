// What a decision file says, for people and for programs (formats/decisions.schema.json).
#pragma once

#include <cstdint>
#include <string>

#include "gapstow/enforce/snapshot.h"
#include "gapstow/json/value.h"
#include "gapstow/report/style.h"

namespace gapstow::cli {

std::string snapshot_text(const enforce::Snapshot& snapshot, const std::string& path, base::Time now,
                          const report::Style& style);
json::Value snapshot_json(const enforce::Snapshot& snapshot, const std::string& path, const std::string& command,
                          base::Time now);

}  // namespace gapstow::cli
