// Runs a program and makes one of its system calls that change files go wrong, as the kernel would: the process dies
// before it, dies in the middle of it, or gets an error from it. Every library in the process is included.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gapstow::test {

/// What happens at which of the changing system calls (writes, syncs, renames, new files and folders, removals, locks),
/// counted over all threads from 1; 0 is never reached.
struct Mishap {
  enum class Kind {
    kill,  ///< SIGKILL instead of the call
    tear,  ///< only writes count: half of the bytes are written, then SIGKILL
    fail,  ///< the call does nothing and gives `error`; locks do not count
  };
  Kind kind = Kind::kill;
  std::uint64_t step = 0;
  int error = 0;
};

struct TracedRun {
  int exit_code = -1;       ///< -1 when a signal has ended it
  bool happened = false;    ///< the step was reached
  std::uint64_t steps = 0;  ///< all calls that counted
  std::string call;         ///< that of the step: "pwrite64(/dev/shm/x/state.db)"
  std::string out;
  std::string err;
};

/// False where processes may not be traced, or the machine is of a kind that this was not written for.
bool can_trace();

/// Runs `command` (first its path) in `folder`, without standard input and undisturbed.
TracedRun run_plain(const std::vector<std::string>& command, const std::string& folder);
/// As run_plain(), with a mishap.
TracedRun run_traced(const std::vector<std::string>& command, const std::string& folder, const Mishap& mishap);

}  // namespace gapstow::test
