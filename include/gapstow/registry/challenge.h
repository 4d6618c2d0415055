// WWW-Authenticate: what a server wants to see. Source: RFC 9110 section 11, Docker registry token specification.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gapstow::registry {

inline constexpr std::size_t kMaxChallengeBytes = 16UL * 1024;

struct Challenge {
  std::string scheme;                             ///< lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  ///< names in lower case, values unquoted
};

/// All challenges of one header value, in order. Error{malformed} for what is not in the form of the specification.
std::vector<Challenge> parse_challenges(std::string_view value);

}  // namespace gapstow::registry
