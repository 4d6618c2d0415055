#include "authenticator.h"

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/registry/server.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kMaxTokens = 4096;  // kept at once; a run over more repositories asks again
constexpr std::string_view kBearer = "Bearer ";

std::string parameter(const Challenge& challenge, const std::string& name) {
  const auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? std::string() : found->second;
}

std::vector<Challenge> challenges_of(const Reply& reply) {
  std::vector<Challenge> all;
  for (const auto& value : reply.headers.all("WWW-Authenticate")) {
    for (auto& challenge : parse_challenges(value)) all.push_back(std::move(challenge));
  }
  return all;
}

}  // namespace

Authenticator::Authenticator(HttpClient& client, const CredentialStore& store, Url origin, Names names)
    : client_(client), store_(store), origin_(std::move(origin)), names_(std::move(names)) {}

bool Authenticator::is_met() const {
  const std::lock_guard lock(mutex_);
  return met_;
}

void Authenticator::note_met() {
  const std::lock_guard lock(mutex_);
  met_ = true;
}

std::string Authenticator::unasked(const std::string& scope) {
  const std::lock_guard lock(mutex_);
  if (scheme_ == Scheme::none) return {};
  if (scheme_ == Scheme::basic) {
    const auto& known = credential(repository_of_scope(scope));
    return known && !known->secret.empty() ? basic_authorization(*known) : std::string();
  }
  return scope.empty() ? std::string() : token_for(union_of_scopes(scope, {}), {});
}

std::string Authenticator::answer(const Reply& refused, const std::string& scope, const std::string& used) {
  const std::lock_guard lock(mutex_);
  met_ = true;
  const auto challenged = learn(refused);
  if (scheme_ == Scheme::bearer) return token_for(union_of_scopes(scope, challenged), used);
  const auto& known = credential(repository_of_scope(scope));
  if (!known || known->secret.empty() || !used.empty()) refuse_access(refused);
  return basic_authorization(*known);
}

/// The scheme that the server wants, Bearer before Basic; the scope that it names.
std::string Authenticator::learn(const Reply& refused) {
  const auto challenges = base::with_context(origin_.origin(), [&] { return challenges_of(refused); });
  bool wants_basic = false;
  for (const auto& challenge : challenges) {
    if (challenge.scheme == "basic") wants_basic = true;
    if (challenge.scheme != "bearer" || parameter(challenge, "realm").empty()) continue;
    scheme_ = Scheme::bearer;
    bearer_ = {token_server(challenge), parameter(challenge, "service")};
    return parameter(challenge, "scope");
  }
  if (!wants_basic) {
    throw Error(ErrorCode::unauthorized, names_.host + " asks for credentials in a way that gapstow does not know");
  }
  scheme_ = Scheme::basic;
  return {};
}

Url Authenticator::token_server(const Challenge& challenge) const {
  auto realm =
      base::with_context(origin_.origin() + ": token server", [&] { return parse_url(parameter(challenge, "realm")); });
  if (origin_.is_https() && !realm.is_https()) {
    throw Error(ErrorCode::unauthorized, names_.host + " names a token server without TLS: " + realm.origin());
  }
  return realm;
}

/// Kept, or asked for. A token that was just refused is not given again.
std::string Authenticator::token_for(const std::vector<std::string>& scopes, const std::string& used) {
  const auto text = base::join(scopes, " ");
  const auto key = bearer_.realm.text() + "\n" + bearer_.service + "\n" + text;
  const auto kept = tokens_.find(key);
  if (kept != tokens_.end() && kept->second.expires > std::chrono::steady_clock::now()) {
    auto authorization = std::string(kBearer) + kept->second.text;
    if (authorization != used) return authorization;
  }
  const auto& known = credential(repository_of_scope(text));
  try {
    auto token = fetch_token(client_, {bearer_.realm, bearer_.service, scopes}, known);
    if (tokens_.size() >= kMaxTokens) tokens_.clear();
    auto authorization = std::string(kBearer) + token.text;
    tokens_[key] = std::move(token);
    return authorization;
  } catch (Error& error) {
    if (error.code() == ErrorCode::unauthorized) error.within(names_.host).advise(hint(known.has_value()));
    throw;
  }
}

void Authenticator::forget(const std::string& authorization) {
  const std::lock_guard lock(mutex_);
  std::erase_if(tokens_, [&](const auto& kept) { return std::string(kBearer) + kept.second.text == authorization; });
}

const std::optional<Credential>& Authenticator::credential(const std::string& repository) {
  const auto known = credentials_.find(repository);
  if (known != credentials_.end()) return known->second;
  if (names_.is_anonymous) return credentials_.emplace(repository, std::nullopt).first->second;
  auto found = store_.find(names_.host, repository);
  if (!found && !names_.fallback.empty()) {
    // The repositories of a Notary server begin with the registry's name.
    const auto prefix = names_.fallback + "/";
    const bool is_full = repository.starts_with(prefix);
    found = store_.find(names_.fallback, is_full ? repository.substr(prefix.size()) : repository);
  }
  return credentials_.emplace(repository, std::move(found)).first->second;
}

void Authenticator::refuse_access(const Reply& reply) const {
  throw Error(ErrorCode::unauthorized, names_.host + " refuses access: " + describe(reply), hint(false));
}

std::string Authenticator::hint(bool has_credentials) const {
  const std::string begin = has_credentials ? "other credentials for " : "credentials for ";
  return begin + names_.host + " are given with --creds or --authfile, or by docker login " + names_.host;
}

}  // namespace gapstow::registry
