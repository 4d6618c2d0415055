// Settings: how the servers of one side of a run are reached.
#pragma once

#include <chrono>
#include <string>

namespace gapstow::registry {

inline constexpr unsigned kDefaultRetries = 5;
inline constexpr std::chrono::seconds kDefaultTimeout{60};

/// What the network options of a command say for one side (source or destination). Paths are not read before they are
/// needed.
struct Settings {
  bool plain_http = false;                         ///< --plain-http: registries are spoken to by http
  std::string ca_file;                             ///< --ca-file: PEM; trusted besides the system's authorities
  std::string cert_file;                           ///< --cert-file: PEM of the client
  std::string key_file;                            ///< --key-file: PEM of the client; empty: in cert_file
  std::string credentials;                         ///< --creds: "USER:PASSWORD" for every registry of this side
  std::string auth_file;                           ///< --authfile; empty: the defaults of credentials.h
  unsigned retries = kDefaultRetries;              ///< --retries: after the first try
  std::chrono::seconds timeout = kDefaultTimeout;  ///< --timeout: longest time without a byte, connecting included
  std::chrono::milliseconds first_pause{250};      ///< longest pause before the first retry; doubles with every retry
  std::string user_agent = "gapstow";
};

}  // namespace gapstow::registry
