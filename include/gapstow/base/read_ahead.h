// ReadAhead: reads another source in a thread of its own, so that reading and hashing overlap.
#pragma once

#include <memory>
#include <span>

#include "gapstow/base/stream.h"

namespace gapstow::base {

/// Same bytes, same errors (rethrown here, in order). Keeps at most kDepth chunks of kChunkSize in memory.
/// The destructor stops the thread; a read that blocks in `inner` is waited for.
class ReadAhead final : public Source {
 public:
  static constexpr std::size_t kDepth = 8;

  explicit ReadAhead(Source& inner);
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() override;

  std::size_t read(std::span<std::byte> out) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gapstow::base
