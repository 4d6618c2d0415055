#include "gapstow/serve/service.h"

#include <array>

#include "answers.h"
#include "descriptors.h"
#include "gapstow/base/error.h"
#include "gapstow/serve/admission_routes.h"
#include "gapstow/serve/metrics.h"
#include "gapstow/serve/notary_routes.h"
#include "gapstow/serve/proofs.h"
#include "gapstow/serve/registry_routes.h"
#include "gapstow/serve/status_routes.h"

namespace gapstow::serve {
namespace {

using base::Error;
using base::ErrorCode;

/// Downloads give way to decisions, where there are any.
constexpr int kDownloadNiceness = 15;

constexpr std::size_t kStatusConnections = 64;
constexpr std::size_t kAdmissionConnections = 1024;

bool same_place(const Endpoint& a, const Endpoint& b) { return a.address == b.address && a.port == b.port; }

std::string url_of(const Endpoint& endpoint, std::uint16_t port) {
  const bool is_v6 = endpoint.address.find(':') != std::string::npos;
  return (endpoint.tls ? "https://" : "http://") + (is_v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" +
         std::to_string(port);
}

}  // namespace

struct Service::Parts {
  Parts(ServiceSettings given, EventLog::Open open_log, const transfer::Surroundings& world)
      : settings(std::move(given)),
        around(world),
        cell(load_holdings(settings.holdings, nullptr, around)),
        log(std::move(open_log), around.clock, [this](std::uint64_t lines) { metrics.log_dropped(lines); }),
        proofs(settings.proof_threads, [this](const auto& bundle, std::size_t entry, const Proof& proof) {
          log_damage(bundle, entry, proof);
        }) {
    if (settings.border_key) border = std::make_unique<BorderSignatures>(std::move(settings.border_key));
    make_routes();
    auto listeners = make_listeners();
    provide_descriptors(listeners);
    server = std::make_unique<Server>(std::move(listeners), [this](const Access& access) {
      metrics.request(access.listener, access.status, access.bytes, access.took);
      log.access(access);
    });
  }

  ServiceParts shared() { return {cell, proofs, metrics, log, around.clock, border.get()}; }

  void make_routes() {
    registry = std::make_unique<RegistryRoutes>(shared());
    notary = std::make_unique<NotaryRoutes>(cell);
    admission = std::make_unique<AdmissionRoutes>(shared(), settings.review);
    ServerView view{[this] { return server->load(); }, [this] { return server->certificate_ends(); }};
    status = std::make_unique<StatusRoutes>(shared(), std::move(view), settings.max_age_seconds);
  }

  void add(std::vector<ListenerSettings>& all, std::string name, const Endpoint& endpoint, const Limits& limits,
           unsigned threads, int niceness, Handler handler) {
    all.push_back({name, endpoint.address, endpoint.port, endpoint.tls, limits, threads, niceness, std::move(handler)});
    places.push_back({std::move(name), endpoint});
  }

  std::vector<ListenerSettings> make_listeners() {
    std::vector<ListenerSettings> all;
    const Handler images = [this](auto request, auto reply) { registry->answer(request, reply); };
    const Handler chains = [this](auto request, auto reply) { notary_answer(request, reply); };
    const Handler both = [this](auto request, auto reply) {
      NotaryRoutes::owns(request->path) ? notary->answer(request, reply) : registry->answer(request, reply);
    };
    const auto& limits = settings.registry_limits;
    const int niceness = settings.admission ? kDownloadNiceness : 0;
    const bool together = settings.registry && settings.notary && same_place(*settings.registry, *settings.notary);
    if (together) add(all, "registry+notary", *settings.registry, limits, settings.threads, niceness, both);
    if (settings.registry && !together) {
      add(all, "registry", *settings.registry, limits, settings.threads, niceness, images);
    }
    if (settings.notary && !together) add(all, "notary", *settings.notary, limits, 1, niceness, chains);
    if (settings.admission) {
      Limits few = settings.registry_limits;
      few.body_bytes = enforce::kMaxReviewBytes;
      few.connections = few.connections_per_address = kAdmissionConnections;
      add(all, "admission", *settings.admission, few, settings.admission_threads, 0,
          [this](auto request, auto reply) { admission->answer(request, reply); });
    }
    if (settings.status) {
      Limits few = settings.registry_limits;
      few.connections = few.connections_per_address = kStatusConnections;
      add(all, "status", *settings.status, few, 1, 0,
          [this](auto request, auto reply) { status->answer(request, reply); });
    }
    if (all.empty()) throw Error(ErrorCode::usage, "every listener is off, so there is nothing to serve");
    return all;
  }

  /// Clients of a trust server ask /v2/ first, to find out whether they have to log in.
  void notary_answer(const std::shared_ptr<const Request>& request, const Reply& reply) const {
    if (request->path == "/v2/" && (request->method == "GET" || request->method == "HEAD")) {
      return reply(json_answer(json::Object{}));
    }
    notary->answer(request, reply);
  }

  void log_loaded(std::string_view what) {
    const auto holdings = cell.get();
    const auto& snapshot = holdings->judge.snapshot();
    log.event(what, json::Object{{"bundles", static_cast<std::uint64_t>(holdings->bundles.size())},
                                 {"images", static_cast<std::uint64_t>(snapshot.images())},
                                 {"snapshotVersion", snapshot.version()}});
  }

  void log_damage(const transfer::HeldBundle& bundle, std::size_t entry, const Proof& proof) {
    log.event("damaged", json::Object{{"file", bundle.name()},
                                      {"bundle", bundle.outcome().bundle_id},
                                      {"entry", bundle.bundle().statement().entries.at(entry).name},
                                      {"why", proof.why}});
  }

  void log_failure(const Error& error) {
    metrics.reload(false);
    log.event("reload failed", json::Object{{"why", error.line()}, {"code", std::string(base::name(error.code()))}});
  }

  ServiceSettings settings;
  transfer::Surroundings around;
  HoldingsCell cell;
  Metrics metrics;
  EventLog log;
  Proofs proofs;
  std::unique_ptr<BorderSignatures> border;
  std::unique_ptr<RegistryRoutes> registry;
  std::unique_ptr<NotaryRoutes> notary;
  std::unique_ptr<AdmissionRoutes> admission;
  std::unique_ptr<StatusRoutes> status;
  std::vector<std::pair<std::string, Endpoint>> places;
  std::unique_ptr<Server> server;
};

Service::Service(ServiceSettings settings, EventLog::Open log, const transfer::Surroundings& around)
    : parts_(std::make_unique<Parts>(std::move(settings), std::move(log), around)) {}

Service::~Service() = default;

void Service::start() {
  parts_->log_loaded("started");
  parts_->server->start();
  parts_->proofs.set(parts_->cell.get()->bundles);
}

void Service::reload() {
  try {
    // Whoever moved the log away waits for this, whatever becomes of the rest.
    parts_->log.reopen();
    const auto before = parts_->cell.get();
    auto next = load_holdings(parts_->settings.holdings, before.get(), parts_->around);
    parts_->server->reload_tls();
    parts_->proofs.set(next->bundles);
    parts_->cell.set(std::move(next));
  } catch (const Error& error) {
    parts_->log_failure(error);
    throw;
  } catch (const std::exception& error) {
    const Error failure(ErrorCode::internal, std::string("what was not foreseen: ") + error.what());
    parts_->log_failure(failure);
    throw failure;
  }
  parts_->metrics.reload(true);
  parts_->log_loaded("reloaded");
}

void Service::stop(std::chrono::milliseconds grace) {
  parts_->server->stop(grace, &parts_->around.cancel);
  parts_->log.event("stopped", {});
}

std::vector<OpenEndpoint> Service::endpoints() const {
  std::vector<OpenEndpoint> open;
  const auto ports = parts_->server->ports();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto& [name, endpoint] = parts_->places[i];
    open.push_back({name, url_of(endpoint, ports[i])});
  }
  return open;
}

std::shared_ptr<const Holdings> Service::holdings() const { return parts_->cell.get(); }

}  // namespace gapstow::serve
