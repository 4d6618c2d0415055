#include "gapstow/base/read_ahead.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "gapstow/base/error.h"

namespace gapstow::base {

struct ReadAhead::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Bytes> ready;      ///< full chunks, oldest first
  std::deque<Bytes> spare;      ///< buffers to use again
  std::optional<Error> failed;  ///< delivered after all chunks that came before it
  bool ended = false;
  bool stop = false;
  Bytes current;
  std::size_t used = 0;
  std::thread thread;

  Bytes take_buffer() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return stop || ready.size() < kDepth; });
    if (stop) return {};
    if (spare.empty()) return Bytes(kChunkSize);
    Bytes buffer = std::move(spare.front());
    spare.pop_front();
    buffer.resize(kChunkSize);
    return buffer;
  }

  void run(Source& inner) {
    for (bool last = false; !last;) {
      Bytes buffer = take_buffer();
      if (buffer.empty()) return;
      std::optional<Error> error;
      const std::size_t count = fill(inner, buffer, error);
      last = count < buffer.size();
      buffer.resize(count);
      const std::lock_guard lock(mutex);
      if (count > 0) ready.push_back(std::move(buffer));
      failed = std::move(error);
      ended = last;
      changed.notify_all();
    }
  }

  /// Fills the buffer up to the end or an error; what came before the error counts.
  static std::size_t fill(Source& inner, std::span<std::byte> buffer, std::optional<Error>& error) {
    std::size_t done = 0;
    try {
      while (done < buffer.size()) {
        const std::size_t count = inner.read(buffer.subspan(done));
        if (count == 0) break;
        done += count;
      }
    } catch (const Error& caught) {
      error = caught;
    } catch (const std::exception& caught) {
      error = Error(ErrorCode::internal, caught.what());
    }
    return done;
  }
};

ReadAhead::ReadAhead(Source& inner) : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get(), &inner] { state->run(inner); });
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
    state_->changed.notify_all();
  }
  state_->thread.join();
}

std::size_t ReadAhead::read(std::span<std::byte> out) {
  State& state = *state_;
  if (state.used == state.current.size()) {
    std::unique_lock lock(state.mutex);
    if (!state.current.empty()) state.spare.push_back(std::move(state.current));
    state.current.clear();
    state.used = 0;
    state.changed.wait(lock, [&] { return !state.ready.empty() || state.ended; });
    if (state.ready.empty()) {
      if (state.failed) throw Error(*state.failed);
      return 0;
    }
    state.current = std::move(state.ready.front());
    state.ready.pop_front();
    state.changed.notify_all();
  }
  const std::size_t count = std::min(out.size(), state.current.size() - state.used);
  std::memcpy(out.data(), state.current.data() + state.used, count);
  state.used += count;
  return count;
}

}  // namespace gapstow::base
