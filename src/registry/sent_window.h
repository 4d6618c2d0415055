// SentWindow: the last bytes of a stream, kept for the case that they must be sent once more.
#pragma once

#include <algorithm>
#include <cstdint>

#include "gapstow/base/bytes.h"

namespace gapstow::registry {

class SentWindow {
 public:
  explicit SentWindow(std::size_t capacity) : ring_(capacity) {}
  std::size_t capacity() const { return ring_.size(); }
  /// Positions in the stream: of the first byte that is kept, and behind the last one.
  std::uint64_t start() const { return end_ - std::min<std::uint64_t>(end_, ring_.size()); }
  std::uint64_t end() const { return end_; }
  /// At most capacity() bytes at once.
  void append(base::ByteView bytes);
  /// Kept bytes from a position on, as many as lie together.
  base::ByteView from(std::uint64_t position) const;

 private:
  base::Bytes ring_;
  std::uint64_t end_ = 0;
};

inline void SentWindow::append(base::ByteView bytes) {
  if (bytes.empty()) return;
  const std::size_t at = end_ % ring_.size();
  const std::size_t first = std::min(bytes.size(), ring_.size() - at);
  std::copy_n(bytes.begin(), first, ring_.begin() + static_cast<std::ptrdiff_t>(at));
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(first), bytes.end(), ring_.begin());
  end_ += bytes.size();
}

inline base::ByteView SentWindow::from(std::uint64_t position) const {
  if (position == end_) return {};
  const std::size_t at = position % ring_.size();
  return base::ByteView(ring_).subspan(at, std::min<std::uint64_t>(end_ - position, ring_.size() - at));
}

}  // namespace gapstow::registry
