#include "gapstow/cluster/finding.h"

#include <algorithm>
#include <array>

namespace gapstow::cluster {

std::string_view name(Finding::Weight weight) {
  constexpr std::array<std::string_view, 4> kNames{"fine", "notice", "warning", "open"};
  return kNames.at(static_cast<std::size_t>(weight));
}

Finding::Weight heaviest(const std::vector<Finding>& findings) {
  auto worst = Finding::Weight::fine;
  for (const auto& finding : findings) worst = std::max(worst, finding.weight);
  return worst;
}

}  // namespace gapstow::cluster
