#include "listener_shard.h"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <new>
#include <optional>
#include <vector>

#include "gapstow/base/error.h"

namespace gapstow::serve {
namespace {

namespace asio = boost::asio;
using base::Error;
using base::ErrorCode;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t kScratchBytes = 128 << 10;
constexpr milliseconds kShortestSweep{10};
constexpr milliseconds kLongestSweep{500};

}  // namespace

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

Shard::Shard(Listener& listener)
    : listener_(listener),
      loop_(1),
      work_(asio::make_work_guard(loop_)),
      sweep_(loop_),
      scratch_(kScratchBytes),
      workshop_{scratch_, {}} {}

void Shard::start() {
  thread_ = std::thread([this] { work(); });
}

void Shard::join() {
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

void Shard::halt() {
  loop_.stop();
  join();
}

void Shard::adopt(Caller caller) {
  ++open_;
  asio::dispatch(loop_, [this, caller = std::move(caller)]() mutable { begin(std::move(caller)); });
}

bool Shard::displace(Room room, const PeerKey& key) {
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

template <typename Body>
void Shard::each_session(const Body& body) {
  const std::vector<std::shared_ptr<Session>> all(sessions_.begin(), sessions_.end());
  for (const auto& session : all) body(*session);
}

void Shard::finish() {
  stopping_ = true;
  each_session([this](Session& session) {
    if (session.close_soon()) return;
    session.abandon("the server ends");
    forget(session);
  });
}

void Shard::abandon() {
  each_session([this](Session& session) {
    session.abandon("the server ends");
    forget(session);
  });
  sweep_.cancel();
}

void Shard::forget(Session& session) {
  if (!session.place) return;
  const auto keep = session.shared_from_this();
  session.end();
  listener_.peers.leave(session.key());
  sessions_.erase(*std::exchange(session.place, std::nullopt));
  --open_;
}

void Shard::move_back(const Session& session) {
  if (session.place) sessions_.splice(sessions_.end(), sessions_, *session.place);
}

void Shard::work() {
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

}  // namespace gapstow::serve
