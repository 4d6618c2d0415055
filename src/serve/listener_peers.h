// Who connects: addresses as text, and how many connections each one has.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace gapstow::serve {

/// An address as one count is kept for it: IPv4 whole, of IPv6 the first half, which one site has for itself.
using PeerKey = std::array<unsigned char, 8>;
PeerKey peer_key(const sockaddr_storage& address);

/// "192.0.2.1:40312", "[2001:db8::1]:40312"
std::string peer_text(const sockaddr_storage& address);

/// Whether one more connection may come.
enum class Room { free, none, none_for_peer };

/// Counts connections by address and in all; for several threads.
class PeerCounts {
 public:
  PeerCounts(std::size_t most, std::size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}
  /// Counts one more where there is room.
  Room enter(const PeerKey& key);
  void leave(const PeerKey& key);
  std::size_t total() const;

 private:
  std::size_t most_;
  std::size_t most_of_one_;
  mutable std::mutex mutex_;
  std::map<PeerKey, std::size_t> counts_;
  std::size_t total_ = 0;
};

}  // namespace gapstow::serve
