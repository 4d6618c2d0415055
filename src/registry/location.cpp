#include "location.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "url.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return out;
}

/// A reference in a reply, as a whole.
Url resolved(const Reply& reply, const std::string& reference) {
  const Url base = parse_url(reply.url);
  Url url = resolve_url(base, reference);
  if (url.authority() != base.authority()) return url;
  return Url{base.scheme, base.host, base.port, url.target};
}

/// One link of a Link header; `rest` moves behind it. Nothing at the end or at what is no link.
struct Link {
  std::string target;
  bool next = false;
};

bool is_next(std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  if (equals == std::string_view::npos) return false;
  const auto trim = [](std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '"')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '"')) text.remove_suffix(1);
    return text;
  };
  if (lowered(trim(parameter.substr(0, equals))) != "rel") return false;
  const std::string relations = lowered(trim(parameter.substr(equals + 1)));
  return std::ranges::count(base::split(relations, ' '), std::string_view("next")) > 0;
}

std::optional<Link> take_link(std::string_view& rest) {
  const std::size_t open = rest.find('<');
  const std::size_t close = rest.find('>', open == std::string_view::npos ? rest.size() : open);
  if (close == std::string_view::npos) return std::nullopt;
  Link link{std::string(rest.substr(open + 1, close - open - 1)), false};
  rest.remove_prefix(close + 1);
  bool quoted = false;
  std::size_t end = 0;
  while (end < rest.size() && (quoted || rest[end] != ',')) quoted ^= rest[end++] == '"';
  for (const auto parameter : base::split(rest.substr(0, end), ';')) link.next = link.next || is_next(parameter);
  rest.remove_prefix(end);
  return link;
}

}  // namespace

std::optional<std::string> location_of(const Reply& reply) {
  const auto location = reply.headers.find("Location");
  if (!location) return std::nullopt;
  return resolved(reply, *location).text();
}

std::optional<std::string> next_page(const Reply& reply) {
  for (const auto& value : reply.headers.all("Link")) {
    std::string_view rest = value;
    while (const auto link = take_link(rest)) {
      if (!link->next) continue;
      const Url target = resolved(reply, link->target);
      if (!same_origin(target, parse_url(reply.url))) {
        throw Error(ErrorCode::network, "the next page of a list is on another server, " + target.origin());
      }
      return target.text();
    }
  }
  return std::nullopt;
}

std::string with_parameter(std::string url, std::string_view name, std::string_view value) {
  url += url.find('?') == std::string::npos ? '?' : '&';
  url.append(name) += '=';
  return url + percent_encoded(value);
}

}  // namespace gapstow::registry
