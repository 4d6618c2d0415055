// A Network with quick retries and short patience, for tests against a FakeServer.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/time.h"
#include "gapstow/registry/network.h"
#include "support/fake_server.h"

namespace gapstow::test {

class FixedClock final : public base::Clock {
 public:
  explicit FixedClock(base::Time time) : time_(time) {}
  base::Time now() const override { return time_; }

 private:
  base::Time time_;
};

/// By plain HTTP, with 2 retries, pauses of at most some milliseconds, 1 s without a byte, and no files of credentials.
inline registry::Settings quick_settings() {
  registry::Settings settings;
  settings.plain_http = true;
  settings.timeout = std::chrono::seconds(1);
  settings.first_pause = std::chrono::milliseconds(1);
  settings.auth_file = "/dev/null";
  settings.retries = 2;
  return settings;
}

struct HttpFixture {
  explicit HttpFixture(registry::Settings settings = quick_settings())
      : network(std::move(settings), fs, clock, cancel) {}

  registry::Server& at(const FakeServer& server) { return network.registry(server.host()); }

  base::SystemFs fs;
  FixedClock clock{base::parse_time("2026-11-22T12:00:00Z")};
  base::CancelToken cancel;
  registry::Network network;
};

/// A call as tests need it.
inline registry::Call call_of(std::string method, std::string target, std::string scope = {}) {
  registry::Call call;
  call.method = std::move(method);
  call.target = std::move(target);
  call.scope = std::move(scope);
  return call;
}

}  // namespace gapstow::test
