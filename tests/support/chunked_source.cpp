#include "support/chunked_source.h"

#include <algorithm>

namespace gapstow::test {

std::size_t ChunkedSource::read(std::span<std::byte> out) {
  if (at_ == bytes_.size()) {
    if (error_) throw base::Error(*error_);
    return 0;
  }
  const std::size_t wanted = sizes_.empty() ? out.size() : std::max<std::size_t>(1, sizes_[turn_++ % sizes_.size()]);
  const std::size_t count = std::min({wanted, out.size(), bytes_.size() - at_});
  std::ranges::copy(base::ByteView(bytes_).subspan(at_, count), out.begin());
  at_ += count;
  return count;
}

}  // namespace gapstow::test
