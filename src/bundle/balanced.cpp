#include "balanced.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <optional>

#include "gapstow/base/error.h"
#include "gapstow/base/workers.h"

namespace gapstow::bundle {
namespace {

/// The failure of the first entry in order, so far.
class FirstFailure {
 public:
  bool makes_needless(std::size_t entry) const { return entry > first_.load(); }

  void record(std::size_t entry, const base::Error& error) {
    const std::lock_guard lock(mutex_);
    if (entry >= first_.load()) return;
    first_.store(entry);
    error_ = error;
  }
  void rethrow() const {
    if (error_) throw base::Error(*error_);
  }

 private:
  std::mutex mutex_;
  std::atomic<std::size_t> first_{SIZE_MAX};
  std::optional<base::Error> error_;
};

}  // namespace

void for_each_entry(const std::vector<Entry>& entries, std::size_t first, unsigned jobs,
                    const std::function<void(std::size_t)>& work) {
  if (jobs <= 1) {
    for (std::size_t i = first; i < entries.size(); ++i) work(i);
    return;
  }
  std::vector<std::size_t> order(entries.size() - first);
  std::iota(order.begin(), order.end(), first);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return entries[a].size != entries[b].size ? entries[a].size > entries[b].size : a < b;
  });
  FirstFailure failure;
  base::run_parallel(order.size(), jobs, [&](std::size_t i) {
    const std::size_t entry = order[i];
    if (failure.makes_needless(entry)) return;
    try {
      work(entry);
    } catch (const base::Error& error) {
      failure.record(entry, error);
    } catch (const std::exception& error) {
      failure.record(entry, base::Error(base::ErrorCode::internal, error.what()));
    }
  });
  failure.rethrow();
}

}  // namespace gapstow::bundle
