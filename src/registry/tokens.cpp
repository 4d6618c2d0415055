#include "tokens.h"

#include <algorithm>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/registry/server.h"
#include "wipe.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;
using std::chrono::seconds;

constexpr std::int64_t kShortestLife = 60;  // also where the server says nothing: the specification
constexpr std::int64_t kLongestLife = 24L * 60 * 60;
constexpr seconds kEarly{5};  // a token is not used in its last seconds

void add_field(std::string& to, char separator, std::string_view name, std::string_view value) {
  to += separator;
  to += name;
  to += '=';
  to += percent_encoded(value);
}

Reply exchange(HttpClient& client, const Request& request) {
  return retrying(client.retries(), [&](Retries& retries) {
    for (;;) {
      const auto answer = client.open(request);
      auto reply = answer->head();
      reply.body = answer->read_all(kMaxTokenReply);
      if (!is_passing_status(reply.status) || !retries.wait(reply)) return reply;
    }
  });
}

Reply ask_by_get(HttpClient& client, const TokenRequest& wanted, const std::optional<Credential>& credential) {
  Request request;
  request.url = request.home = wanted.realm;
  auto& target = request.url.target;
  std::string query;
  if (!wanted.service.empty()) add_field(query, '&', "service", wanted.service);
  for (const auto& scope : wanted.scopes) add_field(query, '&', "scope", scope);
  if (credential && !credential->secret.empty()) {
    add_field(query, '&', "account", credential->user);
    request.authorization = basic_authorization(*credential);
  }
  if (!query.empty() && target.find('?') == std::string::npos) query.front() = '?';
  target += query;
  return exchange(client, request);
}

Reply ask_by_post(HttpClient& client, const TokenRequest& wanted, const Credential& credential) {
  std::string form = "grant_type=";
  if (credential.identity_token.empty()) {
    form += "password";
    add_field(form, '&', "username", credential.user);
    add_field(form, '&', "password", credential.secret);
  } else {
    form += "refresh_token";
    add_field(form, '&', "refresh_token", credential.identity_token);
  }
  add_field(form, '&', "service", wanted.service);
  add_field(form, '&', "scope", base::join(wanted.scopes, " "));
  add_field(form, '&', "client_id", "gapstow");
  Request request;
  request.method = "POST";
  request.url = request.home = wanted.realm;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = base::as_bytes(form);
  auto reply = exchange(client, request);
  wipe(form);
  return reply;
}

bool knows_not(const Reply& reply) { return reply.status == 404 || reply.status == 405; }

Reply ask(HttpClient& client, const TokenRequest& wanted, const std::optional<Credential>& credential) {
  const bool has_password = credential && !credential->secret.empty();
  if (credential && !credential->identity_token.empty()) {
    auto reply = ask_by_post(client, wanted, *credential);
    if (!knows_not(reply) || !has_password) return reply;
    return ask_by_get(client, wanted, credential);
  }
  auto reply = ask_by_get(client, wanted, credential);
  if (!knows_not(reply) || !has_password) return reply;
  return ask_by_post(client, wanted, *credential);
}

/// An outage that all tries met is not one for the tries of the call that needs the token.
Reply tried_ask(HttpClient& client, const TokenRequest& wanted, const std::optional<Credential>& credential) {
  try {
    return ask(client, wanted, credential);
  } catch (const Outage& outage) {
    throw Error(ErrorCode::network, "token server: " + outage.why(), outage.hint());
  }
}

[[noreturn]] void refuse_token(const Url& realm, const Reply& reply) {
  const auto text = "token server " + realm.origin() + " gives no token: " + describe(reply);
  if (reply.status >= 400 && reply.status < 500 && !is_passing_status(reply.status)) {
    throw Error(ErrorCode::unauthorized, text);
  }
  throw Error(ErrorCode::network, text);
}

const std::string* member_text(const json::Value& document, std::string_view name) {
  const auto* object = document.get_if<json::Object>();
  const auto* value = object == nullptr ? nullptr : object->find(name);
  const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
  return text == nullptr || text->empty() ? nullptr : text;
}

std::int64_t life_of(const json::Value& document) {
  const auto member = json::Cursor(document).maybe("expires_in");
  const auto* number = member ? member->value().get_if<std::int64_t>() : nullptr;
  return number == nullptr ? kShortestLife : std::clamp(*number, kShortestLife, kLongestLife);
}

}  // namespace

std::string basic_authorization(const Credential& credential) {
  auto pair = credential.user + ":" + credential.secret;
  auto text = "Basic " + base::base64(base::as_bytes(pair));
  wipe(pair);
  return text;
}

Token parse_token(base::ByteView body, std::chrono::steady_clock::time_point now) {
  const auto document = json::parse(body, {.bytes = kMaxTokenReply, .depth = 32, .reals = true});
  const auto* text = member_text(document, "token");
  if (text == nullptr) text = member_text(document, "access_token");
  if (text == nullptr) throw Error(ErrorCode::malformed, "no token in the answer");
  if (std::ranges::any_of(*text, [](char c) { return c <= 0x20 || c >= 0x7F; })) {
    throw Error(ErrorCode::malformed, "the token holds characters that no token has");
  }
  return {*text, now + seconds(life_of(document)) - kEarly};
}

Token fetch_token(HttpClient& client, const TokenRequest& request, const std::optional<Credential>& credential) {
  const auto now = std::chrono::steady_clock::now();
  const auto reply = tried_ask(client, request, credential);
  if (reply.status != 200) refuse_token(request.realm, reply);
  return base::with_context("token server " + request.realm.origin(), [&] { return parse_token(reply.body, now); });
}

}  // namespace gapstow::registry
