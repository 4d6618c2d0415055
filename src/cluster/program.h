// Programs that gapstow asks: run without a shell, fed and read with bounds, killed when they hang.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gapstow/base/cancel.h"
#include "gapstow/base/stream.h"

namespace gapstow::cluster {

inline constexpr std::size_t kMaxProgramOutput = 64ULL << 20;  ///< a list of a million blobs does not get there
inline constexpr std::size_t kMaxProgramErrors = 64 * 1024;    ///< what is said beyond is dropped
inline constexpr std::chrono::minutes kProgramPatience{10};    ///< without a byte in or out: unpacking takes a while

struct ProgramRequest {
  std::vector<std::string> words;  ///< the program, looked for on the PATH, and its arguments
  base::Source* input = nullptr;   ///< standard input; nothing when nullptr
  std::chrono::milliseconds patience = kProgramPatience;
};

struct ProgramResult {
  int exit_code = 0;   ///< 128 and the signal when one ended it
  std::string output;  ///< of standard output
  std::string errors;  ///< of standard error, printable, the last line that says something
};

/// Runs it to its end. Error{not_found} when there is no such program, Error{interrupted} once cancelled,
/// Error{limit_exceeded} for an endless answer, Error{network} when it hangs; it is dead then. A program that stops
/// reading early is left to say why. What `input` throws passes.
ProgramResult run_program(const ProgramRequest& request, const base::CancelToken& cancel);

}  // namespace gapstow::cluster
