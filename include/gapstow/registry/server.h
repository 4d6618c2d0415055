// Server: one registry or Notary server. It knows how to authenticate, when to try again and where redirects may lead.
// Source: OCI distribution specification 1.1, Docker registry token specification (GET and OAuth2), RFC 9110.
//
// Answered here, and never seen by callers: 401 with a challenge that credentials can meet, redirects of GET and HEAD,
// 408, 429 and 5xx as long as there are retries (exponential backoff with jitter; Retry-After is honoured, up to the
// limit). Credentials go to the host they are for and never to the target of a redirect; https never becomes http.
#pragma once

#include <memory>
#include <string>

#include "gapstow/registry/message.h"

namespace gapstow::registry {

inline constexpr unsigned kMaxRedirects = 8;
inline constexpr unsigned kMaxRetryWaitSeconds = 300;  ///< a longer Retry-After is not waited for

/// Safe to use from several threads at once; connections are kept and used again.
class Server {
 public:
  virtual ~Server() = default;
  /// A whole exchange. Every status that is not answered here is given back: 2xx, 304, 4xx, and 5xx without retries
  /// left. Error{unauthorized} when a challenge cannot be met, Error{network} when there was no answer.
  virtual Reply send(const Call& call) = 0;
  /// As send(), with the body as a stream; for statuses other than 200 and 206 the stream is short and holds the error
  /// document. Retries happen before the first byte is given, not afterwards.
  virtual std::unique_ptr<Download> download(const Call& call) = 0;
  /// Begins a request with a body of `length` bytes. Not retried and not redirected; the token is asked for before the
  /// first byte is sent.
  virtual std::unique_ptr<Upload> upload(const Call& call, std::uint64_t length) = 0;
  /// "localhost:5000": what credentials are looked up for, and messages.
  virtual const std::string& host() const = 0;
};

/// One line that says what a server complained of: status and the error document's codes and messages, printable and
/// bounded. Tokens and query strings are left out.
std::string describe(const Reply& reply);

/// Error{unauthorized} for 401 and 403, Error{not_found} for 404, Error{network} for all else: "<what>: 404
/// NAME_UNKNOWN …".
[[noreturn]] void refuse(const Reply& reply, const std::string& what);

}  // namespace gapstow::registry
