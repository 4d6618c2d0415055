#include "gapstow/base/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <thread>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::base {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPollMilliseconds = 50;
constexpr std::size_t kKeptInPlace = 64 * 1024;

/// For one thread: a write to a pipe that nobody reads is an error and no signal.
class WithoutPipeSignal {
 public:
  WithoutPipeSignal() {
    ::sigemptyset(&set_);
    ::sigaddset(&set_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  WithoutPipeSignal(const WithoutPipeSignal&) = delete;
  WithoutPipeSignal& operator=(const WithoutPipeSignal&) = delete;
  ~WithoutPipeSignal() {
    const timespec at_once{};
    while (::sigtimedwait(&set_, nullptr, &at_once) == SIGPIPE) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

struct Pipe {
  explicit Pipe(std::array<int, 2> ends = open()) : out(ends[0]), in(ends[1]) {}
  Descriptor out;
  Descriptor in;

 private:
  static std::array<int, 2> open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw Error(ErrorCode::io_read, "no pipe to another program");
    return ends;
  }
};

/// The running program; killed when it is still there at the end.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (id_ <= 0) return;
    ::kill(id_, SIGKILL);
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
  }

  /// Its exit code; nothing while it runs.
  std::optional<int> ended() {
    int status = 0;
    const auto result = ::waitpid(id_, &status, WNOHANG);
    if (result == 0 || (result < 0 && errno == EINTR)) return std::nullopt;
    id_ = 0;
    if (result > 0 && WIFEXITED(status)) return WEXITSTATUS(status);
    return 128 + (result > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  }

 private:
  pid_t id_;
};

struct SpawnSettings {
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    sigset_t set;
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes, &set);
    ::sigaddset(&set, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &set);
    // No group of its own: what asks for a passphrase on the terminal must stay in the foreground.
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

pid_t spawn(const std::vector<std::string>& words, const Pipe& input, const Pipe& output, const Pipe& errors) {
  SpawnSettings settings;
  ::posix_spawn_file_actions_adddup2(&settings.actions, input.out.number(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&settings.actions, output.in.number(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&settings.actions, errors.in.number(), STDERR_FILENO);
  std::vector<std::string> kept = words;
  std::vector<char*> pointers;
  for (auto& word : kept) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t id = 0;
  const int problem =
      ::posix_spawnp(&id, kept.front().c_str(), &settings.actions, &settings.attributes, pointers.data(), environ);
  if (problem == ENOENT) throw Error(ErrorCode::not_found, "there is no program " + kept.front());
  if (problem != 0) {
    throw Error(ErrorCode::io_read, "cannot run " + kept.front() + ": " + std::generic_category().message(problem));
  }
  return id;
}

/// The three ends on our side, moved along until the program has closed its own.
class Conversation {
 public:
  Conversation(const ProgramRequest& request, const CancelToken& cancel)
      : request_(request), cancel_(cancel), moved_(Clock::now()) {
    said_.reserve(std::min(kKeptInPlace, request.max_output) + sizeof(received_));
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() { ::explicit_bzero(received_.data(), received_.size()); }

  ProgramResult run() {
    Child child(spawn(request_.words, input_, output_, errors_));
    input_.out.close();
    output_.in.close();
    errors_.in.close();
    if (request_.input == nullptr) input_.in.close();
    if (input_.in.is_open()) ::fcntl(input_.in.number(), F_SETFL, O_NONBLOCK);
    while (output_.out.is_open() || errors_.out.is_open()) exchange();
    input_.in.close();
    for (;;) {
      if (const auto ended = child.ended()) return {*ended, std::move(said_), last_line(warned_)};
      check();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

 private:
  void check() const {
    cancel_.check();
    if (Clock::now() - moved_ < request_.patience) return;
    throw Error(ErrorCode::network, request_.words.front() + " hangs and was stopped");
  }

  void exchange() {
    check();
    // A descriptor of -1 is passed over.
    std::array<pollfd, 3> waited{
        {{input_.in.number(), POLLOUT, 0}, {output_.out.number(), POLLIN, 0}, {errors_.out.number(), POLLIN, 0}}};
    if (::poll(waited.data(), waited.size(), kPollMilliseconds) <= 0) return;
    if (waited[1].revents != 0) receive(output_.out, said_, request_.max_output);
    if (waited[2].revents != 0) receive(errors_.out, warned_, SIZE_MAX);
    if (waited[0].revents != 0) feed();
    if (warned_.size() > kMaxProgramErrors) warned_.erase(0, warned_.size() - kMaxProgramErrors);
  }

  void receive(Descriptor& from, std::string& text, std::size_t limit) {
    const auto count = ::read(from.number(), received_.data(), received_.size());
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) return from.close();
    text.append(received_.data(), static_cast<std::size_t>(count));
    if (text.size() > limit) throw Error(ErrorCode::limit_exceeded, request_.words.front() + " does not stop talking");
    moved_ = Clock::now();
  }

  void feed() {
    if (rest_.empty()) {
      buffer_.resize(kChunkSize);
      const std::size_t count = request_.input->read(buffer_);
      if (count == 0) return input_.in.close();
      rest_ = ByteView(buffer_).first(count);
    }
    const WithoutPipeSignal quiet;
    const auto count = ::write(input_.in.number(), rest_.data(), rest_.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count < 0) return input_.in.close();
    rest_ = rest_.subspan(static_cast<std::size_t>(count));
    moved_ = Clock::now();
  }

  static std::string last_line(const std::string& text) {
    std::string last;
    for (const auto line : split(text, '\n')) {
      if (!line.empty()) last = printable(line.substr(0, 1000));
    }
    return last;
  }

  const ProgramRequest& request_;
  const CancelToken& cancel_;
  Pipe input_;
  Pipe output_;
  Pipe errors_;
  std::array<char, 16 * 1024> received_{};
  Bytes buffer_;
  ByteView rest_;
  std::string said_;
  std::string warned_;
  Clock::time_point moved_;
};

}  // namespace

ProgramResult run_program(const ProgramRequest& request, const CancelToken& cancel) {
  return Conversation(request, cancel).run();
}

}  // namespace gapstow::base
