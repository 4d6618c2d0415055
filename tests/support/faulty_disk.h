// FaultyDisk: what SQLite writes to or reads from fails at one call, or from one call on, in this process.
#pragma once

#include <cstdint>
#include <memory>

namespace gapstow::test {

/// While it lives, databases opened anew go through it. Not for several threads.
class FaultyDisk {
 public:
  enum class Kind {
    once,     ///< only that call fails
    forever,  ///< nothing is written any more from that call on: power is gone
    reading,  ///< nothing is read any more from that call on; writing works
  };
  /// Lets the `fail_at`th call fail that creates, writes, cuts, syncs or removes a file (that reads one, for
  /// `reading`), counted from 1; 0 fails none.
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
