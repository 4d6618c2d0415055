// Credentials: who we are to a registry. Files of docker and podman, and credential helpers.
// Source: docker config.json and credential helper protocol, containers-auth.json(5).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/registry/settings.h"

namespace gapstow::registry {

inline constexpr std::uint64_t kMaxAuthFileBytes = 4ULL << 20;

/// Wiped when it goes away. Either a user and a secret, or an identity (refresh) token.
struct Credential {
  std::string user;
  std::string secret;
  std::string identity_token;
  Credential() = default;
  Credential(const Credential&) = default;
  Credential& operator=(const Credential&) = default;
  Credential(Credential&&) noexcept = default;
  Credential& operator=(Credential&&) noexcept = default;
  ~Credential();
};

/// Looks credentials up. --creds beats files; --authfile, then $REGISTRY_AUTH_FILE, is the only file when given; else
/// the first of these that has some: $XDG_RUNTIME_DIR/containers/auth.json, $XDG_CONFIG_HOME/containers/auth.json (of
/// ~/.config when unset), $DOCKER_CONFIG/config.json (of ~/.docker when unset). In a file: credHelpers of the host,
/// then the most specific key of auths from the whole repository to the host, then credsStore. Docker Hub is found
/// under "docker.io" and under "https://index.docker.io/v1/". Safe to use from several threads.
class CredentialStore {
 public:
  CredentialStore(const Settings& settings, base::ReadFs& fs, const base::CancelToken& cancel);
  /// For a repository of a host ("quay.io", "team/app"; the repository may be empty). Nothing: anonymous.
  /// Error{malformed} for a damaged file, Error{not_found} for a file that was named and is not there,
  /// Error{unauthorized} when a helper fails for another reason than having nothing.
  std::optional<Credential> find(const std::string& host, const std::string& repository) const;

 private:
  Settings settings_;
  base::ReadFs& fs_;
  const base::CancelToken& cancel_;
};

}  // namespace gapstow::registry
