// Network: the servers of one side of a run, with what they share: settings, credentials, tokens, connections.
#pragma once

#include <memory>
#include <string>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/time.h"
#include "gapstow/registry/server.h"
#include "gapstow/registry/settings.h"

namespace gapstow::registry {

/// Hands out servers; they live as long as it does. Safe to use from several threads.
class Network {
 public:
  /// All references outlive it.
  Network(Settings settings, base::ReadFs& fs, const base::Clock& clock, const base::CancelToken& cancel);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network();

  /// The registry of image references with that host: "docker.io" is registry-1.docker.io. By https unless the
  /// settings say plain http.
  Server& registry(const std::string& host);
  /// A server by its URL ("https://notary.example:4443"); http only where the settings say plain http, else
  /// Error{usage}. `credentials_host`: the registry whose credentials are used when there are none for the server's
  /// own host, as docker does for Notary servers.
  Server& server(const std::string& url, const std::string& credentials_host);

  /// A server whose files prove themselves, by its URL: http is allowed where it is said. Without TLS no credentials
  /// are looked up for it, unless the settings say plain http.
  Server& file_server(const std::string& url);

  const Settings& settings() const;
  /// The run's: waits end with it.
  const base::CancelToken& cancel() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gapstow::registry
