#include "gapstow/digest/digest.h"

#include <array>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::digest {
namespace {

using base::Error;
using base::ErrorCode;

std::size_t value_size(Algorithm algorithm) { return algorithm == Algorithm::sha512 ? 64 : 32; }

/// Text out of a file, fit for a message: short, and no control characters.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 160;
  return "'" + base::printable(text.substr(0, kMost)) + (text.size() > kMost ? "…'" : "'");
}

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error(ErrorCode::malformed, shown(text) + " is not a digest: " + why);
}

/// algorithm ::= component (separator component)*, component ::= [a-z0-9]+, separator ::= [+._-]
bool is_algorithm(std::string_view name) {
  bool after_separator = true;
  for (const char c : name) {
    const bool separator = c == '+' || c == '.' || c == '_' || c == '-';
    if (!separator && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return false;
    if (separator && after_separator) return false;
    after_separator = separator;
  }
  return !after_separator;
}

/// The encoded part of a digest of any algorithm: [a-zA-Z0-9=_-]+
bool is_encoded(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '=' || c == '_' ||
           c == '-';
  });
}

Digest from_encoded(Algorithm algorithm, std::string_view encoded, std::string_view whole) {
  const std::size_t digits = value_size(algorithm) * 2;
  if (!base::is_hex(encoded, digits)) {
    refuse(whole, std::string(name(algorithm)) + " takes " + std::to_string(digits) + " lower-case hexadecimal digits");
  }
  return {algorithm, base::from_hex(encoded)};
}

}  // namespace

std::string_view name(Algorithm algorithm) { return algorithm == Algorithm::sha512 ? "sha512" : "sha256"; }

Digest::Digest(Algorithm algorithm, base::ByteView value) : algorithm_(algorithm), value_(base::to_bytes(value)) {
  if (value.size() != value_size(algorithm)) {
    throw Error(ErrorCode::malformed, "a " + std::string(name(algorithm)) + " digest has " +
                                          std::to_string(value_size(algorithm)) + " bytes, not " +
                                          std::to_string(value.size()));
  }
}

Digest Digest::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) refuse(text, "'algorithm:value' is expected");
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view encoded = text.substr(colon + 1);
  for (const Algorithm known : {Algorithm::sha256, Algorithm::sha512}) {
    if (algorithm == name(known)) return from_encoded(known, encoded, text);
  }
  if (!is_algorithm(algorithm) || !is_encoded(encoded)) refuse(text, "'algorithm:value' is expected");
  throw Error(ErrorCode::unsupported, "digest algorithm " + shown(algorithm) + " is not supported",
              "only sha256 and sha512 are");
}

Digest Digest::from_sha256_hex(std::string_view hex) { return from_encoded(Algorithm::sha256, hex, hex); }

std::string Digest::hex() const { return base::hex(value_); }

std::string Digest::text() const { return std::string(name(algorithm_)) + ":" + hex(); }

std::string Digest::short_text() const {
  constexpr std::size_t kShortBytes = 6;
  return std::string(name(algorithm_)) + ":" + base::hex(value().first(std::min(kShortBytes, value_.size())));
}

}  // namespace gapstow::digest
