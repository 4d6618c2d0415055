// Credential helpers: programs docker-credential-NAME that know secrets. Source: docker credential helper protocol.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "gapstow/base/cancel.h"
#include "gapstow/registry/credentials.h"

namespace gapstow::registry {

inline constexpr std::size_t kMaxHelperOutput = 64 * 1024;
inline constexpr std::chrono::seconds kHelperTime{60};  ///< longer than it takes to unlock a key ring

/// Runs "docker-credential-<name> get" and gives it the server. Nothing when it has nothing; Error{unauthorized} when
/// it fails or is not there, Error{malformed} for an answer that is none.
std::optional<Credential> ask_helper(const std::string& name, const std::string& server,
                                     const base::CancelToken& cancel, std::chrono::milliseconds time = kHelperTime);

}  // namespace gapstow::registry
