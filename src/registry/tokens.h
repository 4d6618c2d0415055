// Tokens: asked for at a token server, kept until they expire.
// Source: Docker registry token specification, GET and OAuth2 POST.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/registry/credentials.h"
#include "http_client.h"

namespace gapstow::registry {

inline constexpr std::uint64_t kMaxTokenReply = 1 << 20;

struct TokenRequest {
  Url realm;
  std::string service;
  std::vector<std::string> scopes;
};

struct Token {
  std::string text;
  std::chrono::steady_clock::time_point expires;
};

/// With an identity token by POST, else by GET, and by POST with the password where GET is not known.
/// Error{unauthorized} when the server gives none, Error{network} when it fails, Error{malformed} for an answer that is
/// none.
Token fetch_token(HttpClient& client, const TokenRequest& request, const std::optional<Credential>& credential);

/// One answer of a token server. Texts that cannot stand in a header are Error{malformed}.
Token parse_token(base::ByteView body, std::chrono::steady_clock::time_point now);

/// "Basic …" for a user and a password.
std::string basic_authorization(const Credential& credential);

}  // namespace gapstow::registry
