// Url: an http(s) address in parts, so that hosts are compared and never guessed from text.
#pragma once

#include <optional>
#include <string>

namespace gapstow::registry {

inline constexpr std::size_t kMaxUrlBytes = 16 * 1024;

struct Url {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case; IPv6 in brackets
  std::string port;    ///< always there
  std::string target;  ///< path and query, begins with '/'

  bool is_https() const { return scheme == "https"; }
  /// "https://host[:port]", the port only where it is not the scheme's own.
  std::string origin() const;
  std::string text() const { return origin() + target; }
  /// "host" or "host:port"
  std::string authority() const;
  /// For messages: without the query, which may be a capability.
  std::string shown() const;
};

/// Error{malformed} for what is no http(s) URL or holds a user or password. Fragments are dropped.
Url parse_url(const std::string& text);
/// `reference`, absolute or relative, as a document at `base` means it. Error{malformed} as parse_url().
Url resolve_url(const Url& base, const std::string& reference);
/// Same scheme, host and port: the same server.
bool same_origin(const Url& a, const Url& b);
/// A value for a query, percent-encoded.
std::string percent_encoded(std::string_view text);

}  // namespace gapstow::registry
