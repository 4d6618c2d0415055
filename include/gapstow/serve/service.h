// Service: bundles, decisions and listeners, put together.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/cancel.h"
#include "gapstow/enforce/review.h"
#include "gapstow/serve/border.h"
#include "gapstow/serve/event_log.h"
#include "gapstow/serve/holdings.h"
#include "gapstow/serve/listener.h"

namespace gapstow::serve {

/// Where one kind of questions is answered. Kinds with the same address and port share a listener.
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
  std::optional<TlsFiles> tls;
};

struct ServiceSettings {
  HoldingsRequest holdings;
  std::optional<Endpoint> registry;
  std::optional<Endpoint> notary;  ///< where the registry is, unless it is elsewhere or off
  std::optional<Endpoint> admission;
  std::optional<Endpoint> status;
  Limits registry_limits;
  enforce::ReviewOptions review;
  std::optional<std::int64_t> max_age_seconds;  ///< of the decisions, for readiness
  unsigned threads = 2;                         ///< that answer registry and trust server
  unsigned admission_threads = 2;
  unsigned proof_threads = 1;
  std::unique_ptr<sign::Signer> border_key;  ///< may be empty
};

/// One listener that answers.
struct OpenEndpoint {
  std::string name;  ///< "registry", "registry+notary", "admission", …
  std::string url;   ///< "https://127.0.0.1:5443"
};

class Service {
 public:
  /// Loads everything and binds the listeners; nothing is answered yet. Throws as load_holdings() and Server do.
  Service(ServiceSettings settings, EventLog::Open log, const transfer::Surroundings& around);
  ~Service();

  void start();
  /// Opens the log again, then bundles, trust store, decisions and certificates. Error: the old ones are served on.
  void reload();
  /// Open answers may go on for so long, and no longer than nobody cancels.
  void stop(std::chrono::milliseconds grace);
  std::vector<OpenEndpoint> endpoints() const;
  std::shared_ptr<const Holdings> holdings() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gapstow::serve
