// Progress on a terminal: one line on standard error that is rewritten a few times a second.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <ostream>
#include <string>

#include "gapstow/base/time.h"
#include "gapstow/transfer/observer.h"

namespace gapstow::report {

class TerminalProgress final : public transfer::Observer {
 public:
  /// `out` is a terminal and outlives this.
  TerminalProgress(std::ostream& out, const base::Clock& clock) : out_(out), clock_(clock) {}
  ~TerminalProgress() override { clear(); }
  TerminalProgress(const TerminalProgress&) = delete;
  TerminalProgress& operator=(const TerminalProgress&) = delete;

  void stage(const std::string& what, std::uint64_t total) override;
  void advance(std::uint64_t bytes) override;
  /// Takes the line away; called before anything else is printed.
  void clear();

 private:
  void draw();

  std::ostream& out_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::string what_;
  std::uint64_t total_ = 0;
  std::atomic<std::uint64_t> done_{0};
  base::Time started_;
  base::Time drawn_;
  bool visible_ = false;
};

}  // namespace gapstow::report
