// Which targets a delegation speaks of.
#include <algorithm>

#include "gapstow/digest/digest.h"
#include "tuf_v1.h"

namespace gapstow::tuf::v1 {
namespace {

/// Texts are well-formed UTF-8, since they come out of JSON; a wildcard stands for one character, not one byte.
char32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t wanted = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const std::size_t size = std::min(wanted, text.size());
  char32_t character = wanted == 1 ? lead : lead & (0x7FU >> wanted);
  for (std::size_t i = 1; i < size; ++i) character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  text.remove_prefix(size);
  return character;
}

/// The set behind a '[', up to its ']', which may be the first character of the set.
struct CharacterSet {
  std::string_view content;
  bool negated = false;

  bool contains(char32_t wanted) const {
    bool found = false;
    for (std::string_view rest = content; !rest.empty();) {
      const char32_t low = take_character(rest);
      if (rest.size() < 2 || rest.front() != '-') {
        found = found || wanted == low;
        continue;
      }
      rest.remove_prefix(1);
      const char32_t high = take_character(rest);
      found = found || (low <= wanted && wanted <= high);
    }
    return found != negated;
  }
};

/// Takes a set off the pattern, which begins behind the '['. False when the '[' is not closed and means itself.
bool take_set(std::string_view& pattern, CharacterSet& set) {
  const bool negated = pattern.starts_with('!');
  const std::string_view body = pattern.substr(negated ? 1 : 0);
  const std::size_t end = body.find(']', 1);
  if (end == std::string_view::npos) return false;
  set = {body.substr(0, end), negated};
  pattern = body.substr(end + 1);
  return true;
}

/// Matches one character of `text` with what the pattern has next, which is no '*'; both move on.
bool matches_one(std::string_view& pattern, std::string_view& text) {
  const char32_t character = take_character(text);
  const char32_t wanted = take_character(pattern);
  if (wanted == U'?') return true;
  CharacterSet set;
  if (wanted == U'[' && take_set(pattern, set)) return set.contains(character);
  return wanted == character;
}

/// A part between slashes. After a mismatch the last '*' takes one character more; earlier ones need not be tried.
bool matches_part(std::string_view pattern, std::string_view text) {
  std::string_view after_star;
  std::string_view retry;
  bool starred = false;
  while (!text.empty()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      after_star = pattern;
      retry = text;
      starred = true;
      continue;
    }
    if (!pattern.empty() && matches_one(pattern, text)) continue;
    if (!starred) return false;
    take_character(retry);
    text = retry;
    pattern = after_star;
  }
  return pattern.find_first_not_of('*') == std::string_view::npos;
}

/// Whether the two differ before the pattern's first wildcard: so end most comparisons of 100 delegations with 100,000
/// targets.
bool differs_at_once(std::string_view pattern, std::string_view path) {
  constexpr std::string_view kWildcards = "*?[";
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(pattern, path).in1 - pattern.begin());
  return at < pattern.size() && pattern.substr(0, at + 1).find_first_of(kWildcards) == std::string_view::npos;
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view path) {
  if (differs_at_once(pattern, path)) return false;
  while (true) {
    const std::size_t pattern_end = pattern.find('/');
    const std::size_t path_end = path.find('/');
    if (!matches_part(pattern.substr(0, pattern_end), path.substr(0, path_end))) return false;
    if (pattern_end == std::string_view::npos || path_end == std::string_view::npos) return pattern_end == path_end;
    pattern.remove_prefix(pattern_end + 1);
    path.remove_prefix(path_end + 1);
  }
}

const std::string& TargetPath::sha256_hex() const {
  if (sha256_hex_.empty()) sha256_hex_ = digest::sha256(base::as_bytes(name_)).hex();
  return sha256_hex_;
}

bool allows(const Delegation& terms, const TargetPath& target) {
  const auto fits = [&](const std::string& pattern) { return matches_pattern(pattern, target.name()); };
  const auto begins = [&](const std::string& prefix) { return target.sha256_hex().starts_with(prefix); };
  return std::ranges::any_of(terms.paths, fits) || std::ranges::any_of(terms.hash_prefixes, begins);
}

NextRoles next_roles(const Targets& targets, const TargetPath& target) {
  if (targets.bins) return {{bin_for(*targets.bins, target.sha256_hex())}, true};
  NextRoles next;
  for (std::size_t i = 0; i < targets.delegations.size(); ++i) {
    if (!allows(targets.delegations[i], target)) continue;
    next.indices.push_back(i);
    if (!targets.delegations[i].terminating) continue;
    next.terminating = true;
    break;
  }
  return next;
}

}  // namespace gapstow::tuf::v1
