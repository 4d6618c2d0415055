#include "url.h"

#include <algorithm>

#include "curl.h"
#include "gapstow/base/error.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

[[noreturn]] void refuse_url(const std::string& why) {
  throw Error(ErrorCode::malformed, "not a usable http address: " + why);
}

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* raw = nullptr;
  const auto result = curl_url_get(url, which, &raw, flags);
  const CurlText text(raw);
  if (result == CURLUE_NO_QUERY) return {};
  if (result != CURLUE_OK) refuse_url(curl_url_strerror(result));
  return text.get();
}

/// libcurl takes "http:/host" and "http:///host" for "http://host"; other readers do not.
bool has_plain_slashes(std::string_view text) {
  const auto mark = text.find_first_of(":/?#");
  if (mark == std::string_view::npos || text[mark] != ':') return true;  // a relative reference
  const auto rest = text.substr(mark);
  return rest.starts_with("://") && rest.size() > 3 && rest[3] != '/';
}

/// A query may be a capability, so the text itself is not shown.
void set_url(CURLU* url, const std::string& text) {
  if (text.size() > kMaxUrlBytes) refuse_url("too long");
  const auto is_odd = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '\\'; };
  if (text.empty() || std::ranges::any_of(text, is_odd)) refuse_url("empty, or a space or control character");
  if (!has_plain_slashes(text)) refuse_url("no host");
  const auto result = curl_url_set(url, CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
  if (result != CURLUE_OK) refuse_url(curl_url_strerror(result));
}

Url parts_of(CURLU* url) {
  Url parts;
  parts.scheme = part(url, CURLUPART_SCHEME);
  if (parts.scheme != "http" && parts.scheme != "https") refuse_url("scheme " + parts.scheme);
  parts.host = part(url, CURLUPART_HOST);
  std::ranges::transform(parts.host, parts.host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  parts.port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  parts.target = part(url, CURLUPART_PATH);
  if (const auto query = part(url, CURLUPART_QUERY); !query.empty()) parts.target += "?" + query;
  if (parts.host.empty() || parts.port == "0" || !parts.target.starts_with('/')) refuse_url("no host, port or path");
  return parts;
}

}  // namespace

std::string Url::authority() const {
  const bool is_usual = port == (is_https() ? "443" : "80");
  return is_usual ? host : host + ":" + port;
}

std::string Url::origin() const { return scheme + "://" + authority(); }

std::string Url::shown() const { return origin() + target.substr(0, target.find('?')); }

Url parse_url(const std::string& text) {
  prepare_curl();
  const auto url = make_curl_url();
  set_url(url.get(), text);
  return parts_of(url.get());
}

Url resolve_url(const Url& base, const std::string& reference) {
  prepare_curl();
  const auto url = make_curl_url();
  set_url(url.get(), base.text());
  set_url(url.get(), reference);
  return parts_of(url.get());
}

bool same_origin(const Url& a, const Url& b) { return a.scheme == b.scheme && a.host == b.host && a.port == b.port; }

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

}  // namespace gapstow::registry
