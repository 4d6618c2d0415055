#include "http_client.h"

#include <algorithm>
#include <array>

#include "gapstow/base/error.h"
#include "gapstow/registry/server.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

bool is_redirect(int status) {
  constexpr std::array kRedirects{301, 302, 303, 307, 308};
  return std::ranges::find(kRedirects, status) != kRedirects.end();
}

}  // namespace

HttpClient::HttpClient(const Settings& settings, base::ReadFs& fs, const base::Clock& clock,
                       const base::CancelToken& cancel)
    : settings_(settings), clock_(clock), cancel_(cancel), tls_(settings, fs), proxies_(Proxies::from_environment()) {}

std::unique_ptr<Exchange> HttpClient::open(const Request& request) {
  auto exchange = start(request, std::nullopt);
  exchange->await_head();
  if (request.method != "GET" && request.method != "HEAD") return exchange;
  Request next = request;
  for (unsigned count = 0; is_redirect(exchange->head().status); ++count) {
    const auto location = exchange->head().headers.find("Location");
    if (!location) return exchange;
    const auto from = next.url;
    next.url = base::with_context("redirect from " + from.shown(), [&] { return resolve_url(from, *location); });
    if (from.is_https() && !next.url.is_https()) {
      throw Error(ErrorCode::network, from.shown() + ": redirects from https to http, to " + next.url.origin());
    }
    // Once away, away: another server does not send our credentials back to where it wants.
    if (!same_origin(next.url, next.home)) next.authorization.clear();
    if (count == kMaxRedirects) throw Error(ErrorCode::network, request.url.shown() + ": too many redirects");
    exchange->drain();
    exchange.reset();  // its connection is free for the next one
    exchange = start(next, std::nullopt);
    exchange->await_head();
  }
  return exchange;
}

std::unique_ptr<Exchange> HttpClient::begin(const Request& request, std::uint64_t length) {
  return start(request, length);
}

std::unique_ptr<Exchange> HttpClient::start(const Request& request, std::optional<std::uint64_t> pushed) {
  const bool is_home = same_origin(request.url, request.home);
  Outgoing outgoing{.method = request.method,
                    .url = request.url,
                    .headers = request.headers,
                    .body = request.body,
                    .pushed = pushed,
                    .tls = nullptr,
                    .proxy = proxies_.choose(request.url),
                    .user_agent = settings_.user_agent,
                    .timeout = settings_.timeout};
  if (is_home && !request.authorization.empty()) outgoing.headers.add("Authorization", request.authorization);
  if (request.url.is_https()) {
    outgoing.tls = tls_.for_host(request.url, is_home ? TlsFiles::Client::shown : TlsFiles::Client::hidden);
  }
  return std::make_unique<Exchange>(lines_, std::move(outgoing), cancel_);
}

}  // namespace gapstow::registry
