// Observer: who watches a run. And what every run is given from outside: file system, clocks, cancellation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/time.h"

namespace gapstow::transfer {

/// Told how far a run is. advance() may be called from several threads.
class Observer {
 public:
  virtual ~Observer() = default;
  /// A new stage: "packing", "verifying"; `total` bytes are expected, 0 when nobody knows.
  virtual void stage(const std::string& what, std::uint64_t total) = 0;
  virtual void advance(std::uint64_t bytes) = 0;
};

/// Watches nothing.
class SilentObserver final : public Observer {
 public:
  void stage(const std::string&, std::uint64_t) override {}
  void advance(std::uint64_t) override {}
};

/// The surroundings of a run. All members outlive it.
struct Surroundings {
  base::WriteFs& fs;
  const base::Clock& clock;
  const base::CancelToken& cancel;
  Observer& observer;
  unsigned jobs = 1;
};

}  // namespace gapstow::transfer
