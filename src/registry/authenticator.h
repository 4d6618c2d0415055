// Authenticator: what one server wants to see from us, learned from its challenges.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/registry/challenge.h"
#include "gapstow/registry/credentials.h"
#include "http_client.h"
#include "scopes.h"
#include "tokens.h"

namespace gapstow::registry {

/// Safe to use from several threads; while one asks for a token the others wait for it.
class Authenticator {
 public:
  struct Names {
    std::string host;           ///< what credentials are looked up for
    std::string fallback{};     ///< asked for when there are none; "" for none
    bool is_anonymous = false;  ///< nothing is looked up, whatever the server asks for
  };
  Authenticator(HttpClient& client, const CredentialStore& store, Url origin, Names names);

  /// An Authorization to send unasked; "" as long as the server has not asked for one.
  std::string unasked(const std::string& scope);
  /// An Authorization that meets the challenge of a 401 that `used` got. Error{unauthorized} when there is none,
  /// Error{malformed} for challenges that make no sense.
  std::string answer(const Reply& refused, const std::string& scope, const std::string& used);
  /// The server did not like it: it is not sent again.
  void forget(const std::string& authorization);
  /// True once it has answered anything, with a challenge or without.
  bool is_met() const;
  void note_met();
  /// Error{unauthorized} that says how to go on.
  [[noreturn]] void refuse_access(const Reply& reply) const;

 private:
  struct Bearer {
    Url realm;
    std::string service;
  };
  enum class Scheme { none, basic, bearer };

  std::string learn(const Reply& refused);
  Url token_server(const Challenge& challenge) const;
  std::string token_for(const std::vector<std::string>& scopes, const std::string& used);
  std::string hint(bool has_credentials) const;
  const std::optional<Credential>& credential(const std::string& repository);

  HttpClient& client_;
  const CredentialStore& store_;
  const Url origin_;
  const Names names_;

  mutable std::mutex mutex_;  // all below
  bool met_ = false;
  Scheme scheme_ = Scheme::none;
  Bearer bearer_;
  std::map<std::string, std::optional<Credential>> credentials_;  // by repository
  std::map<std::string, Token> tokens_;                           // by realm, service and scopes
};

}  // namespace gapstow::registry
