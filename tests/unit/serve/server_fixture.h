// A Server on free ports of the loopback, with what it told its observer.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gapstow/serve/listener.h"

namespace gapstow::test {

class ServerFixture {
 public:
  explicit ServerFixture(serve::Handler handler, serve::Limits limits = {}) {
    add(std::move(handler), limits);
    start();
  }
  /// A TLS listener.
  ServerFixture(serve::Handler handler, serve::TlsFiles tls, serve::Limits limits = {}) {
    add(std::move(handler), limits, std::move(tls));
    start();
  }
  ServerFixture(const ServerFixture&) = delete;
  ServerFixture& operator=(const ServerFixture&) = delete;
  ~ServerFixture() { server_.reset(); }

  std::uint16_t port() const { return server_->ports().front(); }
  serve::Server& server() { return *server_; }
  serve::Load load() const { return server_->load().front(); }

  std::vector<serve::Access> accesses() const {
    const std::scoped_lock lock(mutex_);
    return accesses_;
  }
  /// The first request that fits, waiting for it; status 999 when none comes.
  serve::Access wait_for(const std::function<bool(const serve::Access&)>& fits) const {
    std::unique_lock lock(mutex_);
    serve::Access found;
    found.status = 999;
    changed_.wait_for(lock, std::chrono::seconds(30), [&] {
      for (const auto& access : accesses_) {
        if (!fits(access)) continue;
        found = access;
        return true;
      }
      return false;
    });
    return found;
  }

 private:
  void add(serve::Handler handler, const serve::Limits& limits, std::optional<serve::TlsFiles> tls = {}) {
    serve::ListenerSettings settings;
    settings.name = "test";
    settings.address = "127.0.0.1";
    settings.limits = limits;
    settings.threads = 2;
    settings.tls = std::move(tls);
    settings.handler = std::move(handler);
    settings_.push_back(std::move(settings));
  }
  void start() {
    server_ = std::make_unique<serve::Server>(std::move(settings_), [this](const serve::Access& access) {
      const std::scoped_lock lock(mutex_);
      accesses_.push_back(access);
      changed_.notify_all();
    });
    server_->start();
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<serve::Access> accesses_;
  std::vector<serve::ListenerSettings> settings_;
  std::unique_ptr<serve::Server> server_;
};

/// Answers everything with 200 and this text.
inline serve::Handler answering(std::string text) {
  return [text = std::move(text)](const std::shared_ptr<const serve::Request>&, const serve::Reply& reply) {
    serve::Response response;
    response.body = text;
    reply(std::move(response));
  };
}

/// Answers with what was understood: "POST /path?name=value|body".
inline serve::Handler echoing() {
  return [](const std::shared_ptr<const serve::Request>& request, const serve::Reply& reply) {
    serve::Response response;
    std::string text = request->method + " " + request->path;
    for (const auto& [name, value] : request->query) text.append("?").append(name).append("=").append(value);
    response.body = text + "|" + request->body;
    reply(std::move(response));
  };
}

}  // namespace gapstow::test
