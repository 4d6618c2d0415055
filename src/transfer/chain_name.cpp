#include "chain_name.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/bundle/statement.h"
#include "gapstow/oci/reference.h"

namespace gapstow::transfer {
namespace {

bool is_full_name(const std::string& gun) {
  try {
    return oci::parse_reference(gun).repository() == gun;
  } catch (const base::Error&) {
    return false;
  }
}

bool is_any_name(const std::string& name) {
  const auto parts = base::split(name, '/');
  const bool is_path =
      std::ranges::none_of(parts, [](auto part) { return part.empty() || part == "." || part == ".."; });
  return is_path && name.size() <= bundle::kMaxTextBytes && base::printable(name) == name &&
         name.find_first_of(" \\*") == std::string::npos;
}

}  // namespace

bool may_be_chain(const std::string& gun, const std::vector<std::shared_ptr<ChainSource>>& sources) {
  const bool may_be_any = std::ranges::any_of(sources, [](const auto& source) { return source->takes_any_name(); });
  return may_be_any ? is_any_name(gun) : is_full_name(gun);
}

}  // namespace gapstow::transfer
