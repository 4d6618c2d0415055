// The status of a service, for those who run it: /livez, /readyz and /metrics.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/serve/http.h"
#include "gapstow/serve/listener.h"
#include "gapstow/serve/registry_routes.h"

namespace gapstow::serve {

/// What of the running server is shown.
struct ServerView {
  std::function<std::vector<Load>()> load;
  std::function<std::vector<std::int64_t>()> certificate_ends;  ///< as Server gives them
};

class StatusRoutes {
 public:
  /// `max_age`: of the decisions, for readiness; nothing: any.
  StatusRoutes(const ServiceParts& parts, ServerView server, std::optional<std::int64_t> max_age_seconds)
      : parts_(parts), server_(std::move(server)), max_age_(max_age_seconds) {}
  void answer(const std::shared_ptr<const Request>& request, const Reply& reply) const;

  /// Why it is not ready; empty when it is: decisions too old, the clock behind what is proven, or damaged blobs.
  std::vector<std::string> hindrances() const;

 private:
  std::string metrics() const;

  ServiceParts parts_;
  ServerView server_;
  std::optional<std::int64_t> max_age_;
};

}  // namespace gapstow::serve
