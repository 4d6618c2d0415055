// Programs that gapstow asks: run without a shell, fed and read within bounds, killed when they hang.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gapstow/base/cancel.h"
#include "gapstow/base/stream.h"

namespace gapstow::base {

inline constexpr std::size_t kMaxProgramOutput = 64ULL << 20;  ///< a list of half a million blobs stays below
inline constexpr std::size_t kMaxProgramErrors = 64 * 1024;    ///< what was said before that is dropped
inline constexpr std::chrono::minutes kProgramPatience{10};    ///< unpacking a large image takes a while

struct ProgramRequest {
  std::vector<std::string> words;                         ///< the program, looked for on the PATH, and its arguments
  Source* input = nullptr;                                ///< standard input; nothing when nullptr
  std::chrono::milliseconds patience = kProgramPatience;  ///< without a byte in or out
  std::size_t max_output = kMaxProgramOutput;
};

struct ProgramResult {
  int exit_code = 0;   ///< 128 and the signal when one ended it
  std::string output;  ///< of standard output; up to 64 KiB of it were never copied, so that a secret can be wiped
  std::string errors;  ///< the last line of standard error that says something, printable
};

/// Runs it to its end. Error{not_found} when there is no such program, Error{interrupted} once cancelled,
/// Error{limit_exceeded} for an endless answer, Error{network} when it hangs; it is dead then. A program that stops
/// reading early is left to say why. What `input` throws passes.
ProgramResult run_program(const ProgramRequest& request, const CancelToken& cancel);

}  // namespace gapstow::base
