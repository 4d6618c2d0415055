#include "proxies.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "curl.h"
#include "environment.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

struct Address {
  std::array<unsigned char, 16> bytes{};
  std::size_t length = 0;  // 4 or 16
};

std::optional<Address> parse_address(std::string text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  Address address;
  if (::inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.length = 4;
    return address;
  }
  if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
    address.length = 16;
    return address;
  }
  return std::nullopt;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost" || host == "localhost.") return true;
  const auto address = parse_address(host);
  if (!address) return false;
  if (address->length == 4) return address->bytes[0] == 127;
  return std::all_of(address->bytes.begin(), address->bytes.end() - 1, [](auto byte) { return byte == 0; }) &&
         address->bytes[15] == 1;
}

/// "10.0.0.0/8": whether the range holds the address; false for what is no range.
bool range_holds(std::string_view range, const Address& address) {
  const auto slash = range.find('/');
  const auto first = parse_address(std::string(range.substr(0, slash)));
  if (!first || first->length != address.length) return false;
  std::size_t bits = 0;
  const auto digits = range.substr(slash + 1);
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (problem != std::errc() || end != digits.data() + digits.size() || bits > address.length * 8) return false;
  for (std::size_t i = 0; i < bits; ++i) {
    const auto mask = 0x80U >> (i % 8);
    if (((first->bytes[i / 8] ^ address.bytes[i / 8]) & mask) != 0) return false;
  }
  return true;
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

/// Cuts ":443" off; names and bracketed addresses only, for a bare IPv6 address has colons of its own.
std::string take_port(std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || text.ends_with(']')) return {};
  if (!text.starts_with('[') && text.find(':') != colon) return {};
  auto port = text.substr(colon + 1);
  text.resize(colon);
  return port;
}

bool exception_matches(std::string exception, const Url& url) {
  if (exception == "*") return true;
  const auto address = parse_address(url.host);
  if (exception.find('/') != std::string::npos) return address && range_holds(exception, *address);
  const auto whole = parse_address(exception);
  const auto port = whole ? std::string() : take_port(exception);
  if (!port.empty() && port != url.port) return false;
  if (const auto wanted = parse_address(exception)) {
    return address && address->length == wanted->length && address->bytes == wanted->bytes;
  }
  if (exception.starts_with("*.")) exception.erase(0, 1);
  if (exception.starts_with('.')) return url.host.ends_with(exception);
  return !exception.empty() && (url.host == exception || url.host.ends_with("." + exception));
}

std::string first_of(const char* name, const char* other) {
  const auto value = environment(name);
  return value.empty() ? environment(other) : value;
}

/// The URL is never shown: it may hold a password.
std::string checked_proxy(const std::string& text, const char* name) {
  prepare_curl();
  const auto whole = text.find("://") == std::string::npos ? "http://" + text : text;
  const auto url = make_curl_url();
  constexpr std::array kSchemes{"http://", "https://", "socks5://", "socks5h://"};
  const auto lower = lower_case(whole);
  const bool is_known = std::ranges::any_of(kSchemes, [&](const char* scheme) { return lower.starts_with(scheme); });
  if (!is_known || curl_url_set(url.get(), CURLUPART_URL, whole.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    throw Error(ErrorCode::usage, std::string("the value of ") + name + " is not the URL of a proxy",
                "proxies are given as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT");
  }
  return whole;
}

}  // namespace

Proxies Proxies::from_environment() {
  return {first_of("http_proxy", "HTTP_PROXY"), first_of("https_proxy", "HTTPS_PROXY"),
          first_of("no_proxy", "NO_PROXY")};
}

Proxies::Proxies(std::string for_http, std::string for_https, const std::string& exceptions)
    : for_http_(std::move(for_http)), for_https_(std::move(for_https)) {
  for (auto item : base::split(exceptions, ',')) {
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (!item.empty()) exceptions_.push_back(lower_case(std::string(item)));
  }
}

std::string Proxies::choose(const Url& url) const {
  const auto& proxy = url.is_https() ? for_https_ : for_http_;
  if (proxy.empty() || is_loopback(url.host) || is_exception(url)) return {};
  return checked_proxy(proxy, url.is_https() ? "HTTPS_PROXY" : "HTTP_PROXY");
}

bool Proxies::is_exception(const Url& url) const {
  return std::ranges::any_of(exceptions_, [&](const auto& item) { return exception_matches(item, url); });
}

}  // namespace gapstow::registry
