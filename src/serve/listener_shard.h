// The threads of a listener, and the connections on each of them.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "gapstow/base/bytes.h"
#include "listener_connection.h"
#include "listener_peers.h"
#include "listener_tls.h"

namespace gapstow::serve {

class Session;
/// In the order in which they came, or last began to ask or to be answered.
using Sessions = std::list<std::shared_ptr<Session>>;

/// Somebody who has connected, and is no session yet.
class Caller {
 public:
  Caller(int socket, const sockaddr_storage& address) : socket_(socket), address_(address), key_(peer_key(address)) {}
  Caller(Caller&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), address_(other.address_), key_(other.key_) {}
  Caller& operator=(Caller&&) = delete;
  ~Caller() {
    if (socket_ >= 0) ::close(socket_);
  }

  int socket() const { return socket_; }
  const PeerKey& key() const { return key_; }
  std::string text() const { return peer_text(address_); }
  /// The socket is somebody else's from here on.
  void release() { socket_ = -1; }

 private:
  int socket_;
  sockaddr_storage address_;
  PeerKey key_;
};

/// One listener's settings, and what its shards share.
struct Listener {
  Listener(ListenerSettings given, const AccessObserver& observer)
      : settings(std::move(given)),
        post(settings, observer),
        peers(settings.limits.connections, settings.limits.connections_per_address) {}

  std::shared_ptr<const TlsContext> tls_now() {
    const std::scoped_lock lock(tls_mutex);
    return tls;
  }

  const ListenerSettings settings;
  Post post;
  PeerCounts peers;
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> displaced{0};
  std::mutex tls_mutex;
  std::shared_ptr<const TlsContext> tls;
};

/// A thread with its own loop; a connection stays on one shard, so that nothing of it is locked.
class Shard {
 public:
  explicit Shard(Listener& listener);
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  boost::asio::io_context& loop() { return loop_; }
  std::size_t open() const { return open_.load(std::memory_order_relaxed); }

  void start();
  /// Returns when all that is left has been done.
  void join();
  void halt();

  /// From any thread, at once on the loop. The caller is counted among its peer's connections.
  void adopt(Caller caller);
  /// On the loop. Of those who wait for their client, and where `room` says so are of this peer, the one ends that has
  /// begun nothing for the longest time. False where there is none.
  bool displace(Room room, const PeerKey& key);
  /// On the loop. Idle connections end.
  void finish();
  /// On the loop. All connections end.
  void abandon();
  void forget(Session& session);
  /// It has begun something.
  void move_back(const Session& session);

 private:
  template <typename Body>
  void each_session(const Body& body);
  void work();
  void begin(Caller caller);
  std::unique_ptr<Channel> channel(int socket);
  void sweep_later();
  std::chrono::milliseconds sweep_interval() const;

  Listener& listener_;
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer sweep_;
  base::Bytes scratch_;
  Workshop workshop_;
  Sessions sessions_;
  std::atomic<std::size_t> open_{0};
  bool stopping_ = false;
  bool sweeping_ = false;
  std::thread thread_;
};

}  // namespace gapstow::serve
