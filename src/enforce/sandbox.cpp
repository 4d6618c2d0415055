// seccomp by a list of what is allowed. Source: seccomp(2), linux/Documentation/userspace-api/seccomp_filter.rst.
#include "gapstow/enforce/sandbox.h"

// Other machines have other calls.
#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(GAPSTOW_WITHOUT_SANDBOX)

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace gapstow::enforce {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#endif

/// Reading and writing what is open, memory, locks, the clock, and ending. Nothing that opens, connects or starts.
constexpr std::array<std::uint32_t, 19> kAllowed{
    SYS_read,   SYS_write,  SYS_writev,         SYS_close,   SYS_fstat,     SYS_brk,           SYS_mmap,
    SYS_munmap, SYS_mremap, SYS_mprotect,       SYS_madvise, SYS_futex,     SYS_clock_gettime, SYS_getrandom,
    SYS_getpid, SYS_gettid, SYS_rt_sigprocmask, SYS_exit,    SYS_exit_group};

constexpr sock_filter load(std::size_t field) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(field)};
}
constexpr sock_filter give(std::uint32_t action) { return {BPF_RET | BPF_K, 0, 0, action}; }
/// Goes on with the next instruction when equal, else skips it.
constexpr sock_filter unless_equal_skip(std::uint32_t value) { return {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value}; }

constexpr auto make_filter() {
  std::array<sock_filter, 4 + 2 * kAllowed.size() + 1> filter{};
  std::size_t at = 0;
  // Another machine's numbers mean other calls (32-bit programs on a 64-bit kernel).
  filter[at++] = load(offsetof(seccomp_data, arch));
  filter[at++] = sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kMachine};
  filter[at++] = give(SECCOMP_RET_KILL_PROCESS);
  filter[at++] = load(offsetof(seccomp_data, nr));
  for (const std::uint32_t call : kAllowed) {
    filter[at++] = unless_equal_skip(call);
    filter[at++] = give(SECCOMP_RET_ALLOW);
  }
  filter[at++] = give(SECCOMP_RET_ERRNO | EPERM);
  return filter;
}

}  // namespace

bool enter_sandbox() noexcept {
  static constexpr auto kFilter = make_filter();
  const sock_fprog program{static_cast<unsigned short>(kFilter.size()), const_cast<sock_filter*>(kFilter.data())};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace gapstow::enforce

#else

bool gapstow::enforce::enter_sandbox() noexcept { return false; }

#endif
