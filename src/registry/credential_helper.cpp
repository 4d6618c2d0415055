#include "credential_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "wipe.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxServer = 4096;  // fits a pipe, whoever reads
constexpr int kPollMilliseconds = 50;
constexpr std::string_view kHasNothing = "credentials not found in native keychain";

[[noreturn]] void refuse_helper(const std::string& program, const std::string& why) {
  throw Error(ErrorCode::unauthorized, "credential helper " + program + ": " + why,
              "the helper is named in the file of credentials; --creds and --authfile go around it");
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int number() const { return number_; }
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
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw Error(ErrorCode::io_read, "no pipe to a credential helper");
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

  /// Whether it ended well; nothing while it runs.
  std::optional<bool> ended() {
    int status = 0;
    const auto result = ::waitpid(id_, &status, WNOHANG);
    if (result == 0 || (result < 0 && errno == EINTR)) return std::nullopt;
    id_ = 0;
    return result > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
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

pid_t spawn(std::string program, const Pipe& input, const Pipe& output) {
  SpawnSettings settings;
  ::posix_spawn_file_actions_adddup2(&settings.actions, input.out.number(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&settings.actions, output.in.number(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&settings.actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string verb = "get";
  std::array<char*, 3> arguments{program.data(), verb.data(), nullptr};
  pid_t id = 0;
  const int problem =
      ::posix_spawnp(&id, program.c_str(), &settings.actions, &settings.attributes, arguments.data(), environ);
  if (problem != 0) refuse_helper(program, std::generic_category().message(problem));
  return id;
}

class Deadline {
 public:
  Deadline(std::string program, std::chrono::milliseconds time, const base::CancelToken& cancel)
      : program_(std::move(program)), until_(Clock::now() + time), cancel_(cancel) {}
  void check() const {
    cancel_.check();
    if (Clock::now() >= until_) refuse_helper(program_, "gives no answer");
  }

 private:
  std::string program_;
  Clock::time_point until_;
  const base::CancelToken& cancel_;
};

std::string read_output(const std::string& program, const Descriptor& from, const Deadline& deadline) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    deadline.check();
    pollfd waited{from.number(), POLLIN, 0};
    if (::poll(&waited, 1, kPollMilliseconds) <= 0) continue;
    const auto count = ::read(from.number(), buffer.data(), buffer.size());
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse_helper(program, "its answer cannot be read");
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kMaxHelperOutput) refuse_helper(program, "its answer is too long");
  }
  ::explicit_bzero(buffer.data(), buffer.size());
  return text;
}

bool wait_for_end(Child& child, const Deadline& deadline) {
  for (;;) {
    if (const auto ended = child.ended()) return *ended;
    deadline.check();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Credential parse_answer(std::string_view text) {
  const auto document = json::parse(base::as_bytes(text), {.bytes = kMaxHelperOutput, .depth = 8, .reals = true});
  const json::Cursor answer(document);
  Credential credential;
  const auto& user = answer.at("Username").string();
  const auto& secret = answer.at("Secret").string();
  if (user == "<token>") {
    credential.identity_token = secret;
  } else {
    credential.user = user;
    credential.secret = secret;
  }
  return credential;
}

bool is_helper_name(const std::string& name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, is_allowed);
}

}  // namespace

std::optional<Credential> ask_helper(const std::string& name, const std::string& server,
                                     const base::CancelToken& cancel, std::chrono::milliseconds time) {
  if (!is_helper_name(name)) throw Error(ErrorCode::malformed, "'" + name + "' is no name of a credential helper");
  if (server.size() > kMaxServer) throw Error(ErrorCode::limit_exceeded, "the server's name is too long");
  const auto program = "docker-credential-" + name;
  const Deadline deadline(program, time, cancel);
  Pipe input;
  Pipe output;
  // Written before anybody reads: it fits the pipe, and there is no reader yet whose end would raise a signal.
  if (::write(input.in.number(), server.data(), server.size()) != static_cast<ssize_t>(server.size())) {
    refuse_helper(program, "it cannot be asked");
  }
  input.in.close();
  Child child(spawn(program, input, output));
  input.out.close();
  output.in.close();
  auto text = read_output(program, output.out, deadline);
  if (!wait_for_end(child, deadline)) {
    if (text.find(kHasNothing) != std::string::npos) return std::nullopt;
    refuse_helper(program, "failed: " + base::printable(text.substr(0, std::min<std::size_t>(200, text.find('\n')))));
  }
  auto credential = base::with_context(program, [&] { return parse_answer(text); });
  wipe(text);
  if (credential.user.empty() && credential.secret.empty() && credential.identity_token.empty()) return std::nullopt;
  return credential;
}

}  // namespace gapstow::registry
