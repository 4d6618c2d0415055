#include "listener_acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "gapstow/base/error.h"

namespace gapstow::serve {
namespace {

namespace asio = boost::asio;
using base::Error;
using base::ErrorCode;
using boost::system::error_code;

constexpr int kAcceptsPerTurn = 64;
/// When the process has no descriptors left, new clients wait so long in the kernel.
constexpr std::chrono::milliseconds kAcceptPause{50};

}  // namespace

Acceptor::Acceptor(Listener& listener, std::vector<Shard*> shards)
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
    throw Error(ErrorCode::conflict, "cannot listen on " + settings.address + " port " + std::to_string(settings.port) +
                                         ": " + failure.code().message());
  }
}

void Acceptor::accept_later() {
  acceptor_.async_wait(asio::socket_base::wait_read, [this](const error_code& error) {
    if (!error) accept_waiting();
  });
}

void Acceptor::close() {
  error_code ignored;
  ignored = acceptor_.close(ignored);
  pause_.cancel();
}

/// All addresses are those of IPv4 where the system has no IPv6.
void Acceptor::open(asio::ip::tcp::endpoint& endpoint) {
  error_code error;
  error = acceptor_.open(endpoint.protocol(), error);
  if (error == asio::error::address_family_not_supported && endpoint.address() == asio::ip::address_v6::any()) {
    endpoint = {asio::ip::address_v4::any(), endpoint.port()};
    error = acceptor_.open(endpoint.protocol(), error);
  }
  if (error) throw boost::system::system_error(error);
}

void Acceptor::accept_waiting() {
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

void Acceptor::admit(Caller caller) {
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
void Acceptor::seek_room(Caller caller, Room room, std::size_t first, std::size_t asked) {
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

void Acceptor::pause() {
  for (Shard* shard : shards_) {
    asio::post(shard->loop(), [shard] { shard->displace(Room::none, {}); });
  }
  pause_.expires_after(kAcceptPause);
  pause_.async_wait([this](const error_code& error) {
    if (!error) accept_later();
  });
}

}  // namespace gapstow::serve
