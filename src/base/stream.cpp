#include "gapstow/base/stream.h"

#include <algorithm>

#include "gapstow/base/error.h"

namespace gapstow::base {

std::size_t read_full(Source& source, std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t count = source.read(out.subspan(done));
    if (count == 0) break;
    done += count;
  }
  return done;
}

void read_exact(Source& source, std::span<std::byte> out) {
  const std::size_t done = read_full(source, out);
  if (done < out.size()) {
    throw Error(ErrorCode::truncated, "ends " + std::to_string(out.size() - done) + " bytes too early");
  }
}

Bytes read_all(Source& source, std::uint64_t limit) {
  MemorySink sink(limit);
  copy(source, sink);
  return sink.take();
}

std::uint64_t copy(Source& from, Sink& to) {
  Bytes buffer(kChunkSize);
  std::uint64_t total = 0;
  while (const std::size_t count = from.read(buffer)) {
    to.write(ByteView(buffer).first(count));
    total += count;
  }
  return total;
}

std::size_t MemorySource::read(std::span<std::byte> out) {
  const std::size_t count = std::min(out.size(), rest_.size());
  std::ranges::copy(rest_.first(count), out.begin());
  rest_ = rest_.subspan(count);
  return count;
}

void MemorySink::write(ByteView bytes) {
  if (bytes.size() > limit_ - bytes_.size()) {
    throw Error(ErrorCode::limit_exceeded, "longer than the limit of " + std::to_string(limit_) + " bytes");
  }
  append(bytes_, bytes);
}

std::size_t ExactSource::read(std::span<std::byte> out) {
  if (left_ == 0) return 0;
  const std::size_t count = inner_.read(out.first(std::min<std::uint64_t>(out.size(), left_)));
  if (count == 0) {
    throw Error(ErrorCode::truncated, "ends " + std::to_string(left_) + " bytes too early");
  }
  left_ -= count;
  return count;
}

std::size_t LimitedSource::read(std::span<std::byte> out) {
  if (left_ == 0) {
    std::byte extra{};
    if (inner_->read({&extra, 1}) == 0) return 0;
    throw Error(ErrorCode::limit_exceeded, "longer than was promised");
  }
  const std::size_t count = inner_->read(out.first(std::min<std::uint64_t>(out.size(), left_)));
  left_ -= count;
  return count;
}

}  // namespace gapstow::base
