#include "gapstow/registry/challenge.h"

#include <algorithm>

#include "gapstow/base/error.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

[[noreturn]] void refuse_challenge(const std::string& why) {
  throw Error(ErrorCode::malformed, "WWW-Authenticate: " + why);
}

bool is_token_char(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

/// The grammar of RFC 9110 section 11.6.1: challenges and their parameters share the comma.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::vector<Challenge> all() {
    std::vector<Challenge> challenges;
    skip_commas();
    while (!rest_.empty()) {
      challenges.push_back({lower_case(token("a scheme")), {}});
      const bool has_space = skip_space();
      if (has_space && !rest_.empty() && rest_.front() != ',') read_what_follows(challenges.back());
      if (!rest_.empty() && rest_.front() != ',') refuse_challenge("a comma is missing");
      skip_commas();
    }
    if (challenges.empty()) refuse_challenge("empty");
    return challenges;
  }

 private:
  /// Parameters, or one token68, which no scheme that we know has.
  void read_what_follows(Challenge& challenge) {
    if (take_token68()) return;
    for (;;) {
      parameter(challenge);
      const auto here = rest_;
      skip_space();
      if (rest_.empty() || rest_.front() != ',') return;
      skip_commas();
      const bool goes_on = at_parameter();
      if (goes_on) continue;
      rest_ = here;
      skip_space();
      return;
    }
  }

  void parameter(Challenge& challenge) {
    auto name = lower_case(token("a parameter"));
    skip_space();
    if (rest_.empty() || rest_.front() != '=') refuse_challenge("parameter " + name + " has no value");
    rest_.remove_prefix(1);
    skip_space();
    auto value = !rest_.empty() && rest_.front() == '"' ? quoted() : std::string(token("a value"));
    if (!challenge.parameters.emplace(name, std::move(value)).second) {
      refuse_challenge("parameter " + name + " is there twice");
    }
  }

  std::string_view token(const char* what) {
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_token_char) - rest_.begin());
    if (end == 0) refuse_challenge(std::string(what) + " is missing");
    const auto found = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return found;
  }

  std::string quoted() {
    std::string value;
    rest_.remove_prefix(1);
    for (;;) {
      if (rest_.empty()) refuse_challenge("a quoted value does not end");
      char c = take();
      if (c == '"') return value;
      if (c == '\\') {
        if (rest_.empty()) refuse_challenge("a quoted value does not end");
        c = take();
      }
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F) refuse_challenge("a control character");
      value += c;
    }
  }

  bool take_token68() {
    const auto is_part = [](char c) { return is_token_char(c) || c == '/'; };
    auto end = static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_part) - rest_.begin());
    if (end == 0) return false;
    while (end < rest_.size() && rest_[end] == '=') ++end;
    auto after = rest_.substr(end);
    while (!after.empty() && (after.front() == ' ' || after.front() == '\t')) after.remove_prefix(1);
    if (!after.empty() && after.front() != ',') return false;
    rest_ = after;
    return true;
  }

  bool at_parameter() const {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    const auto* at = std::ranges::find_if_not(rest_, is_token_char);
    if (at == rest_.begin()) return false;
    at = std::find_if_not(at, rest_.end(), is_space);
    return at != rest_.end() && *at == '=';
  }

  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  bool skip_space() {
    const auto before = rest_.size();
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    return rest_.size() != before;
  }

  void skip_commas() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == ',')) {
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
};

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view value) {
  if (value.size() > kMaxChallengeBytes) {
    throw Error(ErrorCode::limit_exceeded, "WWW-Authenticate: longer than " + std::to_string(kMaxChallengeBytes));
  }
  return Reader(value).all();
}

}  // namespace gapstow::registry
