// Parts that several JSON reports share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"
#include "gapstow/json/value.h"
#include "gapstow/transfer/outcome.h"

namespace gapstow::report {

/// An array of the items, each through `convert`.
template <typename Items, typename Convert>
json::Value array_of(const Items& items, Convert convert) {
  json::Array out;
  for (const auto& item : items) out.push_back(convert(item));
  return out;
}

json::Value strings(const std::vector<std::string>& texts);
json::Value digests(const std::vector<digest::Digest>& digests);
/// The text, or null when it is empty.
json::Value text_or_null(const std::string& text);
json::Value time_json(base::Time time);
/// {"code", "reason"}, or null.
json::Value error_json(const std::optional<base::Error>& error);

json::Value chain_outcome_json(const transfer::ChainOutcome& chain);
json::Value target_json(const tuf::ProvenTarget& target, const std::string& gun);
json::Value clocks_json(const transfer::Outcome& outcome);

}  // namespace gapstow::report
