#include "gapstow/serve/listener.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "gapstow/base/error.h"
#include "listener_acceptor.h"
#include "listener_shard.h"
#include "listener_tls.h"

namespace gapstow::serve {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

void run_on(asio::io_context& loop, const std::function<void()>& body) {
  std::promise<void> done;
  asio::post(loop, [&] {
    body();
    done.set_value();
  });
  done.get_future().wait();
}

/// A listener with its socket and threads.
struct Station {
  Station(ListenerSettings settings, const AccessObserver& observer) : listener(std::move(settings), observer) {
    if (listener.settings.tls) listener.tls = std::make_shared<const TlsContext>(*listener.settings.tls);
    std::vector<Shard*> all;
    for (unsigned i = 0; i < std::max(1U, listener.settings.threads); ++i) {
      all.push_back(shards.emplace_back(std::make_unique<Shard>(listener)).get());
    }
    acceptor = std::make_unique<Acceptor>(listener, std::move(all));
  }

  std::size_t open() const {
    std::size_t sum = 0;
    for (const auto& shard : shards) sum += shard->open();
    return sum;
  }

  Listener listener;
  std::vector<std::unique_ptr<Shard>> shards;
  std::unique_ptr<Acceptor> acceptor;
};

}  // namespace

struct Server::Machine {
  AccessObserver observer;
  std::vector<std::unique_ptr<Station>> stations;
  bool running = false;

  void wait_until_empty(milliseconds grace, const base::CancelToken* hurry) const {
    const auto end = std::chrono::steady_clock::now() + grace;
    const auto open = [this] {
      return std::ranges::any_of(stations, [](const auto& station) { return station->open() != 0; });
    };
    const auto go_on = [&] {
      return std::chrono::steady_clock::now() < end && (hurry == nullptr || !hurry->cancelled());
    };
    while (open() && go_on()) std::this_thread::sleep_for(milliseconds(5));
  }
};

Server::Server(std::vector<ListenerSettings> listeners, AccessObserver observer)
    : machine_(std::make_unique<Machine>()) {
  machine_->observer = std::move(observer);
  for (auto& settings : listeners) {
    const auto name = settings.name;
    machine_->stations.push_back(
        base::with_context(name, [&] { return std::make_unique<Station>(std::move(settings), machine_->observer); }));
  }
}

Server::~Server() { stop(milliseconds(0)); }

void Server::start() {
  if (machine_->running) return;
  try {
    for (auto& station : machine_->stations) {
      for (auto& shard : station->shards) shard->start();
    }
  } catch (...) {
    for (auto& station : machine_->stations) {
      for (auto& shard : station->shards) shard->halt();
    }
    throw;
  }
  machine_->running = true;
  for (auto& station : machine_->stations) {
    asio::post(station->shards.front()->loop(), [&station] { station->acceptor->accept_later(); });
  }
}

void Server::reload_tls() {
  std::vector<std::pair<Listener*, std::shared_ptr<const TlsContext>>> fresh;
  for (auto& station : machine_->stations) {
    auto& listener = station->listener;
    if (!listener.settings.tls) continue;
    fresh.emplace_back(&listener, base::with_context(listener.settings.name, [&] {
      return std::make_shared<const TlsContext>(*listener.settings.tls);
    }));
  }
  for (auto& [listener, context] : fresh) {
    const std::scoped_lock lock(listener->tls_mutex);
    listener->tls = std::move(context);
  }
}

void Server::stop(milliseconds grace, const base::CancelToken* hurry) {
  if (!machine_->running) return;
  machine_->running = false;
  for (auto& station : machine_->stations) {
    run_on(station->shards.front()->loop(), [&] { station->acceptor->close(); });
    for (auto& shard : station->shards) run_on(shard->loop(), [&] { shard->finish(); });
  }
  machine_->wait_until_empty(grace, hurry);
  for (auto& station : machine_->stations) {
    for (auto& shard : station->shards) {
      run_on(shard->loop(), [&] { shard->abandon(); });
      shard->join();
    }
  }
}

std::vector<std::uint16_t> Server::ports() const {
  std::vector<std::uint16_t> ports;
  for (const auto& station : machine_->stations) ports.push_back(station->acceptor->port());
  return ports;
}

std::vector<Load> Server::load() const {
  std::vector<Load> loads;
  for (const auto& station : machine_->stations) {
    const auto& listener = station->listener;
    loads.push_back({listener.settings.name, listener.peers.total(), listener.settings.limits.connections,
                     listener.accepted.load(), listener.refused.load(), listener.displaced.load(),
                     listener.post.failed_handshakes.load()});
  }
  return loads;
}

std::vector<std::int64_t> Server::certificate_ends() const {
  std::vector<std::int64_t> ends;
  for (const auto& station : machine_->stations) {
    const auto tls = station->listener.tls_now();
    ends.push_back(tls == nullptr ? 0 : tls->end());
  }
  return ends;
}

}  // namespace gapstow::serve
