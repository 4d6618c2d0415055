#include "support/traced_program.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>

namespace gapstow::test {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// A file in memory that takes what the program prints.
class Capture {
 public:
  Capture() : descriptor_(::memfd_create("printed", MFD_CLOEXEC)) {
    if (descriptor_ < 0) fail("memfd_create");
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() { ::close(descriptor_); }
  int descriptor() const { return descriptor_; }
  std::string text() const {
    std::string all;
    std::array<char, 4096> part{};
    ssize_t count = 0;
    while ((count = ::pread(descriptor_, part.data(), part.size(), static_cast<off_t>(all.size()))) > 0) {
      all.append(part.data(), static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  int descriptor_;
};

enum class Tracing { none, by_parent };

[[noreturn]] void become(const std::vector<std::string>& command, const std::string& folder, Tracing tracing, int out,
                         int err) {
  std::vector<char*> arguments;
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool ready = ::dup2(nothing, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 &&
                     ::dup2(err, STDERR_FILENO) >= 0 && ::chdir(folder.c_str()) == 0;
  const bool traced =
      tracing == Tracing::none || (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 && ::raise(SIGSTOP) == 0);
  if (ready && traced) ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

/// Starts `command`; `follow` waits for its end and fills in the run.
template <typename Follow>
TracedRun run(const std::vector<std::string>& command, const std::string& folder, Tracing tracing, Follow follow) {
  TracedRun done;
  const Capture out;
  const Capture err;
  const pid_t process = ::fork();
  if (process < 0) fail("fork");
  if (process == 0) become(command, folder, tracing, out.descriptor(), err.descriptor());
  follow(process, done);
  done.out = out.text();
  done.err = err.text();
  return done;
}

#if defined(__x86_64__)

using SyscallInfo = struct __ptrace_syscall_info;  // <linux/ptrace.h> does not go with <sys/ptrace.h>

constexpr int kSyscallStop = SIGTRAP | 0x80;
constexpr std::uint64_t kLastStandard = STDERR_FILENO;

struct Call {
  enum class Kind { write, change, create, lock };
  const char* name;
  Kind kind;
};

/// The calls that change what is on a medium, or who may.
std::optional<Call> find_call(std::uint64_t number) {
  using Kind = Call::Kind;
  static const std::map<std::uint64_t, Call> known{
      {SYS_write, {"write", Kind::write}},          {SYS_pwrite64, {"pwrite64", Kind::write}},
      {SYS_writev, {"writev", Kind::change}},       {SYS_pwritev, {"pwritev", Kind::change}},
      {SYS_fsync, {"fsync", Kind::change}},         {SYS_fdatasync, {"fdatasync", Kind::change}},
      {SYS_ftruncate, {"ftruncate", Kind::change}}, {SYS_truncate, {"truncate", Kind::change}},
      {SYS_fallocate, {"fallocate", Kind::change}}, {SYS_rename, {"rename", Kind::change}},
      {SYS_renameat, {"renameat", Kind::change}},   {SYS_renameat2, {"renameat2", Kind::change}},
      {SYS_link, {"link", Kind::change}},           {SYS_linkat, {"linkat", Kind::change}},
      {SYS_unlink, {"unlink", Kind::change}},       {SYS_unlinkat, {"unlinkat", Kind::change}},
      {SYS_rmdir, {"rmdir", Kind::change}},         {SYS_mkdir, {"mkdir", Kind::change}},
      {SYS_mkdirat, {"mkdirat", Kind::change}},     {SYS_fchmod, {"fchmod", Kind::change}},
      {SYS_chmod, {"chmod", Kind::change}},         {SYS_open, {"open", Kind::create}},
      {SYS_openat, {"openat", Kind::create}},       {SYS_fcntl, {"fcntl", Kind::lock}},
  };
  const auto found = known.find(number);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

/// Follows all threads of one process from call to call.
class Tracer {
 public:
  Tracer(pid_t process, const Mishap& mishap, TracedRun& run) : process_(process), mishap_(mishap), run_(run) {}

  void follow() {
    int status = 0;
    if (::waitpid(process_, &status, 0) != process_ || !WIFSTOPPED(status)) {
      throw std::runtime_error("the program could not be traced");
    }
    constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                              PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (::ptrace(PTRACE_SETOPTIONS, process_, nullptr, kOptions) != 0) fail("PTRACE_SETOPTIONS");
    known_.insert(process_);
    go_on(process_, 0);
    for (;;) {
      const pid_t thread = ::waitpid(-1, &status, __WALL);
      if (thread < 0 && errno == EINTR) continue;
      if (thread < 0) fail("waitpid");
      if (WIFSTOPPED(status)) {
        stopped(thread, status);
      } else if (thread == process_) {
        run_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return;
      }
    }
  }

 private:
  static void go_on(pid_t thread, int signal) {
    // A thread that is being killed is gone already.
    ::ptrace(PTRACE_SYSCALL, thread, nullptr, static_cast<long>(signal));
  }

  void stopped(pid_t thread, int status) {
    const int signal = WSTOPSIG(status);
    const bool is_new = known_.insert(thread).second;
    if (signal == kSyscallStop) {
      at_call(thread);
      return go_on(thread, 0);
    }
    const bool is_event = (static_cast<unsigned>(status) >> 16U) != 0;
    go_on(thread, is_event || (is_new && signal == SIGSTOP) ? 0 : signal);
  }

  void at_call(pid_t thread) {
    SyscallInfo info{};
    const auto size = sizeof info;
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, size, &info) <= 0) return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) return at_entry(thread, info);
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && thread == struck_) at_exit(thread);
  }

  /// Pipes are no files: sanitizers ask by them whether memory may be read.
  bool counts(pid_t thread, const Call& call, const SyscallInfo& info) const {
    const auto& arguments = info.entry.args;
    switch (call.kind) {
      case Call::Kind::write:
        if (arguments[0] <= kLastStandard || (mishap_.kind == Mishap::Kind::tear && arguments[2] <= 1)) return false;
        return !file_of(thread, info).starts_with("pipe:");
      case Call::Kind::change:
        return mishap_.kind != Mishap::Kind::tear;
      case Call::Kind::create: {
        const std::uint64_t flags = arguments[info.entry.nr == SYS_open ? 1 : 2];
        return mishap_.kind != Mishap::Kind::tear && (flags & (O_CREAT | O_TRUNC)) != 0;
      }
      case Call::Kind::lock:
        return mishap_.kind == Mishap::Kind::kill && (arguments[1] == F_SETLK || arguments[1] == F_SETLKW);
    }
    return false;
  }

  void at_entry(pid_t thread, const SyscallInfo& info) {
    const auto call = find_call(info.entry.nr);
    if (!call || !counts(thread, *call, info) || ++run_.steps != mishap_.step) return;
    run_.happened = true;
    run_.call = describe(thread, *call, info);
    if (mishap_.kind == Mishap::Kind::kill) {
      ::kill(process_, SIGKILL);
      return;
    }
    struck_ = thread;
    user_regs_struct registers{};
    if (::ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) fail("PTRACE_GETREGS");
    if (mishap_.kind == Mishap::Kind::tear) {
      registers.rdx /= 2;
    } else {
      registers.orig_rax = static_cast<unsigned long long>(-1);  // no such call: nothing is done
    }
    if (::ptrace(PTRACE_SETREGS, thread, nullptr, &registers) != 0) fail("PTRACE_SETREGS");
  }

  void at_exit(pid_t thread) {
    struck_ = 0;
    if (mishap_.kind == Mishap::Kind::tear) {
      ::kill(process_, SIGKILL);
      return;
    }
    user_regs_struct registers{};
    if (::ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) fail("PTRACE_GETREGS");
    registers.rax = static_cast<unsigned long long>(-static_cast<long long>(mishap_.error));
    if (::ptrace(PTRACE_SETREGS, thread, nullptr, &registers) != 0) fail("PTRACE_SETREGS");
  }

  /// With the file, where the call names it by its descriptor.
  static std::string describe(pid_t thread, const Call& call, const SyscallInfo& info) {
    return std::string(call.name) + "(" + file_of(thread, info) + ")";
  }

  /// What the call's first argument is a descriptor of; empty when it is none.
  static std::string file_of(pid_t thread, const SyscallInfo& info) {
    const std::string link =
        "/proc/" + std::to_string(thread) + "/fd/" + std::to_string(static_cast<int>(info.entry.args[0]));
    std::error_code none;
    const auto file = std::filesystem::read_symlink(link, none);
    return none ? std::string() : file.string();
  }

  pid_t process_;
  const Mishap& mishap_;
  TracedRun& run_;
  std::set<pid_t> known_;
  pid_t struck_ = 0;  ///< the thread inside of the call that goes wrong
};

bool try_tracing() {
  try {
    return run_traced({"/bin/true"}, ".", {}).exit_code == 0;
  } catch (const std::exception&) {
    return false;
  }
}

#endif

}  // namespace

#if defined(__x86_64__)

bool can_trace() {
  static const bool can = try_tracing();
  return can;
}

TracedRun run_traced(const std::vector<std::string>& command, const std::string& folder, const Mishap& mishap) {
  return run(command, folder, Tracing::by_parent,
             [&](pid_t process, TracedRun& done) { Tracer(process, mishap, done).follow(); });
}

#else

bool can_trace() { return false; }

TracedRun run_traced(const std::vector<std::string>&, const std::string&, const Mishap&) {
  throw std::runtime_error("tracing was not written for this machine");
}

#endif

TracedRun run_plain(const std::vector<std::string>& command, const std::string& folder) {
  return run(command, folder, Tracing::none, [](pid_t process, TracedRun& done) {
    int status = 0;
    if (::waitpid(process, &status, 0) != process) fail("waitpid");
    done.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  });
}

}  // namespace gapstow::test
