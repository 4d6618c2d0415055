// The target of a request: path and query, decoded once and strictly. Source: RFC 9112 section 3.2, RFC 3986.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gapstow::serve {

inline constexpr std::size_t kMaxTargetBytes = 8 * 1024;
inline constexpr std::size_t kMaxParameters = 64;

struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  std::string authority;  ///< of the absolute form, instead of the Host header; empty otherwise
};

/// Whether the text can name a host, with a port or without: what Host headers and authorities hold.
bool is_authority(std::string_view text);

/// The origin form ("/path?query") and the absolute form ("http://host/path?query") are taken. Nothing for what could
/// mean one thing here and another one elsewhere: broken or needless escapes of '/', '\' and control characters, "."
/// and ".." parts, empty parts but the last one, text that is not UTF-8, fragments, users, too many parameters. The
/// length is the caller's to check.
std::optional<Target> decode_target(std::string_view target);

}  // namespace gapstow::serve
