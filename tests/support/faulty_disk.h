// FaultyDisk: what SQLite writes to fails at one call, or from one call on, in this process.
#pragma once

#include <cstdint>
#include <memory>

namespace gapstow::test {

/// While it lives, databases opened anew write through it. Not for several threads.
class FaultyDisk {
 public:
  enum class Kind {
    once,     ///< only that call fails
    forever,  ///< nothing is written any more from that call on: power is gone
  };
  /// Lets the `fail_at`th call fail that creates, writes, cuts, syncs or removes a file, counted from 1; 0 fails none.
  FaultyDisk(Kind kind, std::uint64_t fail_at);
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;
  ~FaultyDisk();

  std::uint64_t calls() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gapstow::test
