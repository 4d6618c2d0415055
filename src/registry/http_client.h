// HttpClient: requests with redirects and retries, without knowing who asks.
#pragma once

#include <memory>
#include <string>

#include "exchange.h"
#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/time.h"
#include "gapstow/registry/message.h"
#include "gapstow/registry/settings.h"
#include "lines.h"
#include "proxies.h"
#include "retries.h"
#include "tls.h"

namespace gapstow::registry {

/// What goes out. The body is the caller's and outlives the exchange.
struct Request {
  std::string method = "GET";
  Url url;
  Headers headers;
  base::ByteView body;
  std::string authorization;  ///< sent to the server `home` until a redirect has led away from it
  Url home;                   ///< the client's certificate is shown to it alone
};

/// Shared by the servers of a Network; safe to use from several threads.
class HttpClient {
 public:
  /// All references outlive it.
  HttpClient(const Settings& settings, base::ReadFs& fs, const base::Clock& clock, const base::CancelToken& cancel);

  /// One try; the answer's head has come. Redirects of GET and HEAD are followed.
  std::unique_ptr<Exchange> open(const Request& request);
  /// One try of a request whose body of `length` bytes is pushed; nothing has come yet.
  std::unique_ptr<Exchange> begin(const Request& request, std::uint64_t length);
  Retries retries() const { return {settings_, clock_, cancel_}; }
  const base::CancelToken& cancel() const { return cancel_; }

 private:
  std::unique_ptr<Exchange> start(const Request& request, std::optional<std::uint64_t> pushed);

  const Settings& settings_;
  const base::Clock& clock_;
  const base::CancelToken& cancel_;
  Lines lines_;
  TlsFiles tls_;
  Proxies proxies_;
};

/// The result of `attempt`, which is called again after an Outage that may pass, as long as there are tries.
template <typename Attempt>
auto retrying(Retries retries, const Attempt& attempt) -> decltype(attempt(retries)) {
  for (;;) {
    try {
      return attempt(retries);
    } catch (const Outage& outage) {
      if (!outage.is_passing() || !retries.wait()) throw;
    }
  }
}

}  // namespace gapstow::registry
