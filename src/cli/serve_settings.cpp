#include "serve_settings.h"

#include <charconv>

#include "gapstow/base/error.h"
#include "options.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;
using serve::Endpoint;
using serve::TlsFiles;

constexpr std::string_view kOff = "off";
constexpr std::string_view kNobody = "none";
constexpr std::string_view kRegistry = "127.0.0.1:5443";
constexpr std::string_view kStatus = "127.0.0.1:9090";

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

/// The place of one kind of questions; nothing when it is off.
std::optional<Endpoint> endpoint(const Arguments& arguments, std::string_view option, std::string_view otherwise) {
  const std::string text = arguments.value_or(option, std::string(otherwise));
  if (text == kOff) return std::nullopt;
  return base::with_context("--" + std::string(option), [&] { return parse_endpoint(text); });
}

/// --PREFIXtls-cert and --PREFIXtls-key, which go together.
std::optional<TlsFiles> tls_files(const Arguments& arguments, const std::string& prefix) {
  const auto certificate = arguments.value(prefix + "tls-cert");
  const auto key = arguments.value(prefix + "tls-key");
  if (certificate.has_value() != key.has_value()) {
    throw Error(ErrorCode::usage, "--" + prefix + "tls-cert and --" + prefix + "tls-key go together");
  }
  if (!certificate) return std::nullopt;
  return TlsFiles{*certificate, *key, {}};
}

void check_reachable(const std::optional<Endpoint>& place, std::string_view what, const Arguments& arguments) {
  if (!place || place->tls || is_loopback(place->address) || arguments.has("plain-http")) return;
  throw Error(ErrorCode::usage, "the " + std::string(what) + " would answer other machines without TLS",
              "give --tls-cert and --tls-key; behind something that speaks TLS for it say --plain-http");
}

std::optional<Endpoint> admission(const Arguments& arguments) {
  auto place = endpoint(arguments, "admission", kOff);
  if (!place) return place;
  place->tls = tls_files(arguments, "admission-");
  if (!place->tls) place->tls = tls_files(arguments, "");
  if (!place->tls) {
    throw Error(ErrorCode::usage, "API servers ask webhooks over TLS alone", "give --tls-cert and --tls-key");
  }
  const auto authority = arguments.value("client-ca");
  if (!authority) {
    throw Error(ErrorCode::usage, "who may ask for admission is not said",
                "give --client-ca FILE, or --client-ca none where API servers have no client certificate");
  }
  if (*authority != kNobody) place->tls->client_ca = *authority;
  return place;
}

std::optional<Endpoint> status(const Arguments& arguments) {
  auto place = endpoint(arguments, "status", kStatus);
  if (place && arguments.has("status-tls")) place->tls = tls_files(arguments, "");
  return place;
}

enforce::TagPolicy tag_policy(const std::string& word) {
  if (word == "demand") return enforce::TagPolicy::demand;
  if (word == "accept") return enforce::TagPolicy::accept;
  throw Error(ErrorCode::usage, "--tags is demand or accept, not " + word);
}

void set_limits(serve::ServiceSettings& settings, const Arguments& arguments) {
  settings.threads = arguments.number("threads", 1, 256).value_or(settings.threads);
  settings.admission_threads = arguments.number("admission-threads", 1, 64).value_or(settings.admission_threads);
  auto& limits = settings.registry_limits;
  limits.connections = arguments.number("max-connections", 1, 1'000'000).value_or(4096);
  limits.connections_per_address =
      arguments.number("max-connections-per-address", 1, 1'000'000).value_or(unsigned{2048});
}

}  // namespace

serve::Endpoint parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto refuse = [&]() -> Error {
    return {ErrorCode::usage, "'" + std::string(text) + "' is no place to listen", "write HOST:PORT, :PORT or off"};
  };
  if (colon == std::string_view::npos) throw refuse();
  const std::string_view digits = text.substr(colon + 1);
  std::string_view host = text.substr(0, colon);
  Endpoint made;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), made.port);
  if (result.ec != std::errc{} || result.ptr != digits.data() + digits.size()) throw refuse();
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    throw refuse();
  }
  made.address = host.empty() ? "::" : host == "localhost" ? "127.0.0.1" : std::string(host);
  return made;
}

serve::ServiceSettings serve_settings(const Arguments& arguments, Terminal& terminal) {
  serve::ServiceSettings settings;
  settings.holdings = {arguments.operands(),  trust_store_folder(arguments, terminal.fs),
                       state_path(arguments), arguments.value_or("snapshot", ""),
                       run_policy(arguments), arguments.time("at")};
  if (settings.holdings.bundles.empty() && settings.holdings.snapshot.empty()) {
    throw Error(ErrorCode::usage, "there is nothing to serve: BUNDLE... is missing",
                "give bundles, folders of bundles, or a decision file with --snapshot");
  }
  settings.registry = endpoint(arguments, "registry", kRegistry);
  const auto tls = tls_files(arguments, "");
  if (settings.registry) settings.registry->tls = tls;
  settings.notary = arguments.has("notary") ? endpoint(arguments, "notary", kOff) : settings.registry;
  if (settings.notary) settings.notary->tls = tls;
  settings.admission = admission(arguments);
  settings.status = status(arguments);
  check_reachable(settings.registry, "registry", arguments);
  check_reachable(settings.notary, "trust server", arguments);
  if (const auto age = arguments.value("snapshot-max-age")) settings.max_age_seconds = base::parse_duration(*age);
  settings.review.tags = tag_policy(arguments.value_or("tags", "demand"));
  set_limits(settings, arguments);
  if (const auto key = arguments.value("border-key")) settings.border_key = open_signer(*key, terminal);
  return settings;
}

const std::vector<Option>& serve_options() {
  static const std::vector<Option> list{
      {"registry", 0, "ADDR", "where images are pulled from (default 127.0.0.1:5443), or off"},
      {"notary", 0, "ADDR", "where Docker clients find the chains (default: where the registry is), or off"},
      {"admission", 0, "ADDR", "where API servers ask (default off)"},
      {"status", 0, "ADDR", "where livez, readyz and metrics are (default 127.0.0.1:9090), or off"},
      {"tls-cert", 0, "PEM", "certificate chain of the listeners"},
      {"tls-key", 0, "PEM", "its key"},
      {"admission-tls-cert", 0, "PEM", "certificate chain of the admission listener, when it has its own"},
      {"admission-tls-key", 0, "PEM", "its key"},
      {"client-ca", 0, "PEM|none", "who signs the certificates of API servers"},
      {"status-tls", 0, "", "the status listener speaks TLS too"},
      {"plain-http", 0, "", "answer other machines without TLS"},
      {"snapshot", 0, "FILE", "decide by this signed decision file instead of the bundles alone"},
      {"snapshot-max-age", 0, "DURATION", "not ready when the decisions are older"},
      {"tags", 0, "POLICY", "what webhooks that cannot pin do with a tag: demand a digest (default), or accept"},
      {"border-key", 0, "KEY", "sign what is proven for podman, CRI-O and cosign, with this p256 key"},
      {"log", 0, "FILE", "JSON lines of requests and decisions: a file, - (default) or off"},
      {"threads", 0, "N", "that serve downloads (default 2)"},
      {"admission-threads", 0, "N", "that decide (default 2)"},
      {"max-connections", 0, "N", "of registry or trust server (default 4096)"},
      {"max-connections-per-address", 0, "N", "of one client (default 2048)"},
      {"grace", 0, "DURATION", "how long answers may go on after a signal to stop (default 30s)"}};
  return list;
}

}  // namespace gapstow::cli
