// Puts the real world together and hands it to cli::run().
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "gapstow/base/fd_stream.h"
#include "gapstow/base/fs.h"
#include "gapstow/cli/run.h"

namespace {

// A signal handler can reach nothing but an object of static life.
gapstow::base::CancelToken interruption;

extern "C" void on_signal(int) {
  // A second signal ends a run that does not come to a check, for instance one that waits for input.
  if (interruption.cancelled()) _exit(130);
  interruption.cancel();
}

void install_handlers() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

/// A large chain is read file by file, each of which takes and frees memory. What is freed is soon wanted again: giving
/// it back to the system and fetching it anew, page by page, takes longer than much of the proof.
void keep_freed_memory() {
  constexpr int kTrimBytes = 64 << 20;
  constexpr int kMapBytes = 32 << 20;
  mallopt(M_TRIM_THRESHOLD, kTrimBytes);
  mallopt(M_MMAP_THRESHOLD, kMapBytes);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  install_handlers();
  gapstow::base::SystemFs fs;
  gapstow::base::SystemClock clock;
  gapstow::base::FdSource input(STDIN_FILENO, "standard input", &interruption);
  gapstow::base::FdSink output(STDOUT_FILENO, "standard output", &interruption);
  gapstow::report::TerminalProgress progress(std::cerr, clock);
  const char* term = std::getenv("TERM");
  const bool drawable = isatty(STDERR_FILENO) == 1 && term != nullptr && std::string(term) != "dumb";
  gapstow::cli::Terminal terminal{fs,
                                  clock,
                                  interruption,
                                  input,
                                  output,
                                  std::cerr,
                                  isatty(STDERR_FILENO) == 1,
                                  isatty(STDOUT_FILENO) == 1,
                                  drawable ? &progress : nullptr};
  return gapstow::cli::run({argv + 1, argv + argc}, terminal);
}
