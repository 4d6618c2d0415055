// AuthFile: one file of credentials as docker and podman keep it.
// Source: docker config.json; containers-auth.json(5).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/json/value.h"
#include "gapstow/registry/credentials.h"

namespace gapstow::registry {

/// A helper program and what it is asked for.
struct HelperCall {
  std::string helper;  ///< "pass" for docker-credential-pass
  std::string server;
};

class AuthFile {
 public:
  /// Error{not_found}, Error{io_read}, Error{limit_exceeded}, Error{malformed}.
  static AuthFile read(base::ReadFs& fs, const std::string& path);

  /// credHelpers: from the whole repository to the host.
  std::optional<HelperCall> own_helper(const std::string& host, const std::string& repository) const;
  /// auths: the most specific key. Nothing for none, and for an entry that holds nothing.
  std::optional<Credential> stored(const std::string& host, const std::string& repository) const;
  /// credsStore.
  std::optional<HelperCall> common_helper(const std::string& host) const;

 private:
  explicit AuthFile(json::Value document) : document_(std::move(document)) {}
  json::Value document_;
};

/// True for the names of Docker Hub, which docker keeps under "https://index.docker.io/v1/".
bool is_docker_hub(const std::string& host);

}  // namespace gapstow::registry
