#include <limits>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/trust/store.h"

namespace gapstow::trust {

using base::Error;
using base::ErrorCode;

Pattern Pattern::parse(std::string_view text) {
  const auto refuse = [&](const std::string& why) -> Error {
    return {ErrorCode::usage, "pattern '" + base::printable(text.substr(0, kMaxPatternBytes)) + "' " + why,
            "write a repository such as docker.io/library/alpine, or a prefix that ends in '*'"};
  };
  if (text.empty()) throw refuse("is empty");
  if (text.size() > kMaxPatternBytes) throw refuse("is longer than " + std::to_string(kMaxPatternBytes) + " bytes");
  if (text.find('*') < text.size() - 1) throw refuse("has a '*' that is not at its end");
  if (text.find_first_of(" \t") != std::string_view::npos || base::printable(text) != text) {
    throw refuse("has white space or characters that do not print");
  }
  Pattern pattern;
  pattern.text_ = text;
  return pattern;
}

bool Pattern::matches(std::string_view name) const {
  if (text_.empty()) return false;
  if (text_.back() != '*') return name == text_;
  return name.starts_with(std::string_view(text_).substr(0, text_.size() - 1));
}

std::size_t Pattern::specificity() const {
  if (text_.empty()) return 0;
  return text_.back() == '*' ? text_.size() - 1 : std::numeric_limits<std::size_t>::max();
}

}  // namespace gapstow::trust
