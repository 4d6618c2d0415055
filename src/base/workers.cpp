#include "gapstow/base/workers.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace gapstow::base {
namespace {

/// The failure of the lowest item so far.
class FirstFailure {
 public:
  bool is_above(std::size_t item) const { return item > lowest_.load(); }

  void record(std::size_t item, Error error) {
    const std::lock_guard lock(mutex_);
    if (item >= lowest_.load()) return;
    lowest_.store(item);
    error_ = std::move(error);
  }
  void rethrow() const {
    if (error_) throw Error(*error_);
  }

 private:
  std::mutex mutex_;
  std::atomic<std::size_t> lowest_{SIZE_MAX};
  std::optional<Error> error_;
};

}  // namespace

unsigned default_jobs() { return std::clamp(std::thread::hardware_concurrency(), 1U, 16U); }

void run_parallel(std::size_t count, unsigned jobs, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  FirstFailure failure;
  const auto loop = [&] {
    for (std::size_t item = next++; item < count && !failure.is_above(item); item = next++) {
      try {
        work(item);
      } catch (const Error& error) {
        failure.record(item, error);
      } catch (const std::exception& error) {
        failure.record(item, Error(ErrorCode::internal, error.what()));
      }
    }
  };
  std::vector<std::jthread> threads;
  const std::size_t extra = std::min<std::size_t>(count, std::max(jobs, 1U));
  try {
    for (std::size_t i = 1; i < extra; ++i) threads.emplace_back(loop);
  } catch (const std::system_error&) {
    // The system gives no more threads; those that run, and this one, do all the work.
  }
  loop();
  threads.clear();
  failure.rethrow();
}

}  // namespace gapstow::base
