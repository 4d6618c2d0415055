#include "words.h"

#include "gapstow/base/text.h"

namespace gapstow::tuf {

std::string short_id(std::string_view id) {
  constexpr std::size_t kShown = 12;
  return base::printable(id.substr(0, kShown)) + (id.size() > kShown ? "…" : "");
}

std::string quoted(std::string_view name) {
  constexpr std::size_t kShown = 120;
  return "'" + base::printable(name.substr(0, kShown)) + (name.size() > kShown ? "…'" : "'");
}

std::string listed(const std::vector<std::string>& items, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < items.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + items[i];
  if (items.size() > most) text += " and " + std::to_string(items.size() - most) + " more";
  return text;
}

}  // namespace gapstow::tuf
