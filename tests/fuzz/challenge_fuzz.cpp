// WWW-Authenticate: what is accepted has names in lower case, and reads the same when it is written again.
#include <algorithm>

#include "fuzz/fuzz.h"
#include "gapstow/registry/challenge.h"

using namespace gapstow;

namespace {

bool is_lower(const std::string& text) {
  return std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string written(const std::vector<registry::Challenge>& challenges) {
  std::string text;
  for (const auto& challenge : challenges) {
    text += (text.empty() ? "" : ", ") + challenge.scheme;
    const char* separator = " ";
    for (const auto& [name, value] : challenge.parameters) {
      text += separator + name + "=\"";
      for (const char c : value) text += (c == '"' || c == '\\' ? std::string("\\") : std::string()) + c;
      text += '"';
      separator = ", ";
    }
  }
  return text;
}

}  // namespace

FUZZ_TARGET(input) {
  const auto challenges = fuzz::accepted([&] { return registry::parse_challenges(base::as_text(input)); });
  if (!challenges) return;
  fuzz::require(!challenges->empty(), "an accepted text holds a challenge");
  for (const auto& challenge : *challenges) {
    fuzz::require(!challenge.scheme.empty() && is_lower(challenge.scheme), "schemes are in lower case");
    for (const auto& [name, value] : challenge.parameters) {
      fuzz::require(!name.empty() && is_lower(name), "names are in lower case");
    }
  }
  const auto text = written(*challenges);
  if (text.size() > registry::kMaxChallengeBytes) return;
  const auto again = fuzz::accepted([&] { return registry::parse_challenges(text); });
  fuzz::require(again.has_value() && again->size() == challenges->size(), "what was accepted reads again");
  for (std::size_t i = 0; i < again->size(); ++i) {
    fuzz::require((*again)[i].scheme == (*challenges)[i].scheme, "schemes stay");
    fuzz::require((*again)[i].parameters == (*challenges)[i].parameters, "parameters stay");
  }
}
