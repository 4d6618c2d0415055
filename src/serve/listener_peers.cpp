#include "listener_peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace gapstow::serve {
namespace {

/// The address in the family that it names; copied, for a sockaddr_storage is none of them.
template <typename Address>
Address as(const sockaddr_storage& address) {
  static_assert(sizeof(Address) <= sizeof(sockaddr_storage));
  Address result{};
  std::memcpy(&result, &address, sizeof(result));
  return result;
}

}  // namespace

PeerKey peer_key(const sockaddr_storage& address) {
  PeerKey key{};
  if (address.ss_family == AF_INET) {
    const auto plain = as<sockaddr_in>(address);
    std::memcpy(key.data() + 4, &plain.sin_addr, 4);
  } else if (address.ss_family == AF_INET6) {
    const auto full = as<sockaddr_in6>(address);
    // An IPv4 address in the form of an IPv6 one is in the second half.
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&full.sin6_addr);
    std::memcpy(mapped ? key.data() + 4 : key.data(), full.sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
  }
  return key;
}

std::string peer_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto plain = as<sockaddr_in>(address);
    if (::inet_ntop(AF_INET, &plain.sin_addr, text.data(), text.size()) == nullptr) return {};
    return std::string(text.data()) + ":" + std::to_string(ntohs(plain.sin_port));
  }
  if (address.ss_family != AF_INET6) return {};
  const auto full = as<sockaddr_in6>(address);
  if (::inet_ntop(AF_INET6, &full.sin6_addr, text.data(), text.size()) == nullptr) return {};
  return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(full.sin6_port));
}

Room PeerCounts::enter(const PeerKey& key) {
  const std::scoped_lock lock(mutex_);
  const auto place = counts_.try_emplace(key, 0).first;
  const auto room = place->second >= most_of_one_ ? Room::none_for_peer : total_ >= most_ ? Room::none : Room::free;
  if (room == Room::free) {
    ++place->second;
    ++total_;
  } else if (place->second == 0) {
    counts_.erase(place);
  }
  return room;
}

void PeerCounts::leave(const PeerKey& key) {
  const std::scoped_lock lock(mutex_);
  const auto place = counts_.find(key);
  if (place == counts_.end()) return;
  --total_;
  if (--place->second == 0) counts_.erase(place);
}

std::size_t PeerCounts::total() const {
  const std::scoped_lock lock(mutex_);
  return total_;
}

}  // namespace gapstow::serve
