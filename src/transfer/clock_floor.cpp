#include "clock_floor.h"

#include "gapstow/base/error.h"

namespace gapstow::transfer {

void check_clock_floor(const base::Time& local, trust::State* state) {
  const auto floor = state != nullptr ? state->clock_floor() : std::nullopt;
  if (!floor || local.plus_seconds(trust::kFloorLeeway) >= *floor) return;
  throw base::Error(
      base::ErrorCode::clock_behind,
      "the clock says " + base::format_time(local) + ", but the state has proof of " + base::format_time(*floor),
      "set the clock of this machine");
}

}  // namespace gapstow::transfer
