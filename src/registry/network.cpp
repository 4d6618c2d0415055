#include "gapstow/registry/network.h"

#include <map>
#include <mutex>

#include "auth_file.h"
#include "gapstow/base/error.h"
#include "http_server.h"

namespace gapstow::registry {

using base::Error;
using base::ErrorCode;

namespace {

Url parse_origin(const std::string& url) {
  auto origin = parse_url(url);
  if (origin.target != "/") throw Error(ErrorCode::usage, origin.shown() + ": a server is named without a path");
  return origin;
}

}  // namespace

struct Network::State {
  State(Settings wanted, base::ReadFs& fs, const base::Clock& clock, const base::CancelToken& cancel)
      : settings(std::move(wanted)), credentials(settings, fs, cancel), client(settings, fs, clock, cancel) {}

  Settings settings;
  CredentialStore credentials;
  HttpClient client;
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<HttpServer>> servers;

  Server& get(const Url& origin, const Authenticator::Names& names) {
    const std::lock_guard lock(mutex);
    auto& server =
        servers[origin.origin() + "\n" + names.host + "\n" + names.fallback + (names.is_anonymous ? "\n" : "")];
    if (!server) server = std::make_unique<HttpServer>(client, credentials, origin, names);
    return *server;
  }
};

Network::Network(Settings settings, base::ReadFs& fs, const base::Clock& clock, const base::CancelToken& cancel)
    : state_(std::make_unique<State>(std::move(settings), fs, clock, cancel)) {}

Network::~Network() = default;

const Settings& Network::settings() const { return state_->settings; }

const base::CancelToken& Network::cancel() const { return state_->client.cancel(); }

Server& Network::registry(const std::string& host) {
  const std::string scheme = state_->settings.plain_http ? "http://" : "https://";
  const auto origin = parse_url(scheme + (is_docker_hub(host) ? "registry-1.docker.io" : host) + "/");
  if (origin.target != "/") throw Error(ErrorCode::malformed, "'" + host + "' is not the host of a registry");
  return state_->get(origin, {.host = host});
}

Server& Network::server(const std::string& url, const std::string& credentials_host) {
  const auto origin = parse_origin(url);
  if (!origin.is_https() && !state_->settings.plain_http) {
    throw Error(ErrorCode::usage, origin.origin() + " is reached without TLS", "--plain-http allows it");
  }
  return state_->get(origin, {.host = origin.authority(), .fallback = credentials_host});
}

Server& Network::file_server(const std::string& url) {
  const auto origin = parse_origin(url);
  const bool is_anonymous = !origin.is_https() && !state_->settings.plain_http;
  return state_->get(origin, {.host = origin.authority(), .is_anonymous = is_anonymous});
}

}  // namespace gapstow::registry
