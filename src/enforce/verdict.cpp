#include <array>

#include "gapstow/enforce/judge.h"

namespace gapstow::enforce {

std::string_view name(Ruling::Verdict verdict) {
  constexpr std::array<std::string_view, 3> kNames{"allow", "mutate", "deny"};
  return kNames.at(static_cast<std::size_t>(verdict));
}

}  // namespace gapstow::enforce
