// ImageFailures: what became of images that could not be delivered, where the others go on.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "gapstow/base/error.h"

namespace gapstow::registry {

/// Safe to use from several threads.
class ImageFailures {
 public:
  enum class Mode {
    stop,   ///< the first failure ends the run
    go_on,  ///< failures are kept
  };
  ImageFailures(std::size_t images, Mode mode) : failures_(images), mode_(mode) {}

  bool has_failed(std::size_t image) const {
    const std::lock_guard lock(mutex_);
    return failures_[image].has_value();
  }
  std::optional<base::Error> find(std::size_t image) const {
    const std::lock_guard lock(mutex_);
    return failures_[image];
  }
  /// Keeps the failure for these images (an earlier one stays), or throws it where nothing goes on without it.
  void record(const std::vector<std::size_t>& images, const base::Error& failure) {
    if (mode_ == Mode::stop || failure.code() == base::ErrorCode::interrupted) throw base::Error(failure);
    const std::lock_guard lock(mutex_);
    for (const auto image : images) {
      if (!failures_[image]) failures_[image] = failure;
    }
  }
  bool goes_on() const { return mode_ == Mode::go_on; }

 private:
  mutable std::mutex mutex_;
  std::vector<std::optional<base::Error>> failures_;
  Mode mode_;
};

}  // namespace gapstow::registry
