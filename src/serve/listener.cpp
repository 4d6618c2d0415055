#include "gapstow/serve/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <future>
#include <list>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "gapstow/base/error.h"
#include "listener_connection.h"
#include "listener_peers.h"
#include "listener_tls.h"

namespace gapstow::serve {
namespace {

namespace asio = boost::asio;
using base::Error;
using base::ErrorCode;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t kScratchBytes = 128 << 10;
constexpr int kAcceptsPerTurn = 64;
/// When the process has no descriptors left, new clients wait so long in the kernel.
constexpr milliseconds kAcceptPause{50};
constexpr milliseconds kShortestSweep{10};
constexpr milliseconds kLongestSweep{500};

class Shard;
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

/// A connection and its socket, on one shard.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Shard& shard, asio::io_context& loop, const Caller& caller, std::unique_ptr<Connection> connection)
      : shard_(shard), descriptor_(loop, caller.socket()), key_(caller.key()), connection_(std::move(connection)) {}

  void go() {
    step([this] { return connection_->run(); });
  }
  void expire_at(Connection::Clock::time_point now) {
    if (connection_->deadline() <= now) step([this] { return connection_->expire(); });
  }
  void start();
  bool close_soon() { return connection_->close_soon(); }
  void abandon(const std::string& why) { connection_->abandon(why); }
  bool waits_for_client() const { return connection_->waits_for_client(); }
  const PeerKey& key() const { return key_; }

  /// Where the shard keeps it; nothing: no more.
  std::optional<Sessions::iterator> place;
  /// Nothing that waited comes back.
  void end() {
    ++turn_;
    error_code ignored;
    ignored = descriptor_.close(ignored);
  }

 private:
  template <typename Body>
  void step(const Body& body);
  void wait(Connection::Wait wait);
  /// What waited before does not count any more.
  auto resume() {
    return [self = shared_from_this(), turn = ++turn_](const error_code& = {}) {
      if (self->turn_ == turn) self->go();
    };
  }

  Shard& shard_;
  asio::posix::stream_descriptor descriptor_;
  PeerKey key_;
  std::unique_ptr<Connection> connection_;
  std::size_t beginnings_ = 0;
  std::uint64_t turn_ = 0;
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
  explicit Shard(Listener& listener)
      : listener_(listener),
        loop_(1),
        work_(asio::make_work_guard(loop_)),
        sweep_(loop_),
        scratch_(kScratchBytes),
        workshop_{scratch_, {}} {}
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  asio::io_context& loop() { return loop_; }
  Listener& listener() { return listener_; }
  std::size_t open() const { return open_.load(std::memory_order_relaxed); }

  void start() {
    thread_ = std::thread([this] { work(); });
  }
  /// Returns when all that is left has been done.
  void join() {
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }
  void halt() {
    loop_.stop();
    join();
  }

  /// From any thread, at once on the loop. The caller is counted among its peer's connections.
  void adopt(Caller caller) {
    ++open_;
    asio::dispatch(loop_, [this, caller = std::move(caller)]() mutable { begin(std::move(caller)); });
  }
  /// On the loop. Of those who wait for their client, and where `room` says so are of this peer, the one ends that has
  /// begun nothing for the longest time. False where there is none.
  bool displace(Room room, const PeerKey& key) {
    const auto found = std::ranges::find_if(sessions_, [&](const auto& session) {
      return (room != Room::none_for_peer || session->key() == key) && session->waits_for_client();
    });
    if (found == sessions_.end()) return false;
    const auto session = *found;
    session->abandon("others need the room");
    forget(*session);
    ++listener_.displaced;
    return true;
  }

  /// On the loop. Idle connections end.
  void finish() {
    stopping_ = true;
    each_session([this](Session& session) {
      if (session.close_soon()) return;
      session.abandon("the server ends");
      forget(session);
    });
  }
  /// On the loop. All connections end.
  void abandon() {
    each_session([this](Session& session) {
      session.abandon("the server ends");
      forget(session);
    });
    sweep_.cancel();
  }
  void forget(Session& session) {
    if (!session.place) return;
    const auto keep = session.shared_from_this();
    session.end();
    listener_.peers.leave(session.key());
    sessions_.erase(*std::exchange(session.place, std::nullopt));
    --open_;
  }
  /// It has begun something.
  void move_back(const Session& session) {
    if (session.place) sessions_.splice(sessions_.end(), sessions_, *session.place);
  }

 private:
  template <typename Body>
  void each_session(const Body& body) {
    const std::vector<std::shared_ptr<Session>> all(sessions_.begin(), sessions_.end());
    for (const auto& session : all) body(*session);
  }

  void work() {
    // Signals are for the main thread. A client that has gone is an error of write(), not a signal.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    if (listener_.settings.niceness != 0) {
      // A thread of Linux has its own priority. Without the right to it all threads are equal.
      static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), listener_.settings.niceness));
    }
    while (!loop_.stopped()) {
      try {
        loop_.run();
      } catch (const std::bad_alloc&) {
        continue;  // what wanted the memory is lost, the others are not
      }
    }
  }

  void begin(Caller caller);
  std::unique_ptr<Channel> channel(int socket);
  void sweep_later();
  milliseconds sweep_interval() const;

  Listener& listener_;
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer sweep_;
  base::Bytes scratch_;
  Workshop workshop_;
  Sessions sessions_;
  std::atomic<std::size_t> open_{0};
  bool stopping_ = false;
  bool sweeping_ = false;
  std::thread thread_;
};

void Session::start() {
  // Called by those who answer, who know nothing of this thread.
  connection_->on_reply([self = weak_from_this(), loop = descriptor_.get_executor()] {
    asio::post(loop, [self] {
      if (const auto session = self.lock()) session->go();
    });
  });
  go();
}

template <typename Body>
void Session::step(const Body& body) {
  try {
    wait(body());
    if (beginnings_ == connection_->beginnings()) return;
    beginnings_ = connection_->beginnings();
    shard_.move_back(*this);
  } catch (const std::exception&) {  // no memory: this client loses, the others do not
    shard_.forget(*this);
  }
}

void Session::wait(Connection::Wait wait) {
  switch (wait) {
    case Connection::Wait::readable:
      return descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, resume());
    case Connection::Wait::writable:
      return descriptor_.async_wait(asio::posix::stream_descriptor::wait_write, resume());
    case Connection::Wait::turn:
      return asio::post(descriptor_.get_executor(), resume());
    case Connection::Wait::reply:
      return;
    case Connection::Wait::closed:
      return shard_.forget(*this);
  }
}

std::unique_ptr<Channel> Shard::channel(int socket) {
  const auto tls = listener_.tls_now();
  return tls == nullptr ? plain_channel(socket, scratch_) : tls_channel(socket, tls, scratch_);
}

void Shard::begin(Caller caller) {
  std::shared_ptr<Session> session;
  try {
    if (stopping_) throw Error(ErrorCode::interrupted, "the server ends");
    auto connection = std::make_unique<Connection>(listener_.post, workshop_, channel(caller.socket()), caller.text());
    session = std::make_shared<Session>(*this, loop_, caller, std::move(connection));
    caller.release();
    session->place = sessions_.insert(sessions_.end(), session);
  } catch (const std::exception&) {  // no memory, no descriptors
    listener_.peers.leave(caller.key());
    ++listener_.refused;
    --open_;
    return;
  }
  sweep_later();
  session->start();
}

milliseconds Shard::sweep_interval() const {
  const Limits& limits = listener_.settings.limits;
  const auto shortest = std::min({limits.handshake, limits.request, limits.idle, limits.stall, limits.answer});
  return std::clamp(shortest / 4, kShortestSweep, kLongestSweep);
}

/// One timer looks at all deadlines; none runs while nobody is there.
void Shard::sweep_later() {
  if (sweeping_) return;
  sweeping_ = true;
  sweep_.expires_after(sweep_interval());
  sweep_.async_wait([this](const error_code&) {
    sweeping_ = false;
    if (!sessions_.empty()) sweep_later();
    const auto now = Connection::Clock::now();
    each_session([now](Session& session) { session.expire_at(now); });
  });
}

/// The listening socket, on the loop of the first shard.
class Acceptor {
 public:
  Acceptor(Listener& listener, std::vector<Shard*> shards)
      : listener_(listener),
        shards_(std::move(shards)),
        acceptor_(shards_.front()->loop()),
        pause_(acceptor_.get_executor()) {
    const auto& settings = listener.settings;
    error_code error;
    const auto address = asio::ip::make_address(settings.address, error);
    if (error) throw Error(ErrorCode::usage, settings.address + " is no address to listen on");
    asio::ip::tcp::endpoint endpoint(address, settings.port);
    try {
      open(endpoint);
      acceptor_.set_option(asio::socket_base::reuse_address(true));
      if (endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(!address.is_unspecified()));
      acceptor_.bind(endpoint);
      acceptor_.listen(asio::socket_base::max_listen_connections);
      acceptor_.native_non_blocking(true);
      port_ = acceptor_.local_endpoint().port();
    } catch (const boost::system::system_error& failure) {
      throw Error(ErrorCode::conflict, "cannot listen on " + settings.address + " port " +
                                           std::to_string(settings.port) + ": " + failure.code().message());
    }
  }

  std::uint16_t port() const { return port_; }

  /// On the loop from here on.
  void accept_later() {
    acceptor_.async_wait(asio::socket_base::wait_read, [this](const error_code& error) {
      if (!error) accept_waiting();
    });
  }
  void close() {
    error_code ignored;
    ignored = acceptor_.close(ignored);
    pause_.cancel();
  }

 private:
  /// All addresses are those of IPv4 where the system has no IPv6.
  void open(asio::ip::tcp::endpoint& endpoint) {
    error_code error;
    error = acceptor_.open(endpoint.protocol(), error);
    if (error == asio::error::address_family_not_supported && endpoint.address() == asio::ip::address_v6::any()) {
      endpoint = {asio::ip::address_v4::any(), endpoint.port()};
      error = acceptor_.open(endpoint.protocol(), error);
    }
    if (error) throw boost::system::system_error(error);
  }

  void accept_waiting() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      sockaddr_storage address{};
      socklen_t length = sizeof(address);
      // accept4 wants the general form of what a sockaddr_storage holds.
      const int socket = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&address), &length,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0) {
        admit(Caller(socket, address));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return pause();
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      }
    }
    accept_later();
  }

  void admit(Caller caller) {
    ++listener_.accepted;
    const int on = 1;
    ::setsockopt(caller.socket(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const auto room = listener_.peers.enter(caller.key());
    if (room != Room::free) return seek_room(std::move(caller), room, next_shard_++, 0);
    const auto least = std::ranges::min_element(shards_, {}, [](const Shard* shard) { return shard->open(); });
    (*least)->adopt(std::move(caller));
  }

  /// Somebody who keeps a connection without asking makes room for the caller, on one shard or else on another: who
  /// holds all connections and says nothing keeps nobody out.
  void seek_room(Caller caller, Room room, std::size_t first, std::size_t asked) {
    if (asked == shards_.size()) {
      ++listener_.refused;
      return;
    }
    Shard& shard = *shards_[(first + asked) % shards_.size()];
    asio::post(shard.loop(), [this, &shard, caller = std::move(caller), room, first, asked]() mutable {
      if (shard.displace(room, caller.key()) && listener_.peers.enter(caller.key()) == Room::free) {
        return shard.adopt(std::move(caller));
      }
      seek_room(std::move(caller), room, first, asked + 1);
    });
  }

  void pause() {
    for (Shard* shard : shards_) {
      asio::post(shard->loop(), [shard] { shard->displace(Room::none, {}); });
    }
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const error_code& error) {
      if (!error) accept_later();
    });
  }

  Listener& listener_;
  std::vector<Shard*> shards_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::size_t next_shard_ = 0;  ///< that is asked first when there is no room
  std::uint16_t port_ = 0;
};

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
