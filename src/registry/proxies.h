// Proxies: which proxy leads to a server, from the environment.
#pragma once

#include <string>
#include <vector>

#include "url.h"

namespace gapstow::registry {

/// HTTP_PROXY, HTTPS_PROXY and NO_PROXY as they were when it was made; the names in lower case win. NO_PROXY as Go's
/// programs read it: "*", hosts with their subdomains, ".domain" for subdomains alone, addresses, CIDR ranges, each but
/// the ranges with a port where wanted. Localhost and loopback addresses are reached directly.
class Proxies {
 public:
  static Proxies from_environment();
  Proxies(std::string for_http, std::string for_https, const std::string& exceptions);

  /// The proxy's URL (http, https, socks5, socks5h), "" for none. Error{usage} for a value that is no such URL.
  std::string choose(const Url& url) const;

 private:
  bool is_exception(const Url& url) const;

  std::string for_http_;
  std::string for_https_;
  std::vector<std::string> exceptions_;
};

}  // namespace gapstow::registry
