// The listening socket of a listener.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <vector>

#include "listener_shard.h"

namespace gapstow::serve {

/// On the loop of the first shard. Callers go to the shard with the fewest connections.
class Acceptor {
 public:
  /// Error{usage} for what is no address, Error{conflict} when it cannot be had.
  Acceptor(Listener& listener, std::vector<Shard*> shards);

  std::uint16_t port() const { return port_; }
  /// On the loop from here on.
  void accept_later();
  void close();

 private:
  void open(boost::asio::ip::tcp::endpoint& endpoint);
  void accept_waiting();
  void admit(Caller caller);
  void seek_room(Caller caller, Room room, std::size_t first, std::size_t asked);
  void pause();

  Listener& listener_;
  std::vector<Shard*> shards_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::size_t next_shard_ = 0;  ///< that is asked first when there is no room
  std::uint16_t port_ = 0;
};

}  // namespace gapstow::serve
