#include <signal.h>

#include <chrono>
#include <csignal>
#include <ctime>

#include "gapstow/base/error.h"
#include "gapstow/base/fd_stream.h"
#include "gapstow/base/text.h"
#include "gapstow/base/time.h"
#include "gapstow/serve/service.h"
#include "network_options.h"
#include "options.h"
#include "serve_settings.h"
#include "service_manager.h"
#include "table.h"

namespace gapstow::cli {
namespace {

constexpr std::string_view kDefaultGrace = "30s";

/// While it lives SIGHUP, SIGINT and SIGTERM are held back for wait(), in this thread and in those that it starts.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&set_);
    for (const int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  /// The next signal; 0 when none came for a while.
  int wait() const {
    constexpr timespec kWhile{0, 200'000'000};
    const int signal = sigtimedwait(&set_, nullptr, &kWhile);
    return signal < 0 ? 0 : signal;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

/// Lines are added to a file that may be there; whoever rotates logs moves it away and sends SIGHUP.
class AppendingSink final : public base::Sink {
 public:
  AppendingSink(base::WriteFs& fs, const std::string& path)
      : file_(fs.status(path) ? fs.open_for_update(path) : fs.create(path, 0640)) {}
  /// Behind what is there now: others may have cut the file to nothing.
  void write(base::ByteView bytes) override { file_->write_at(file_->size(), bytes); }
  void finish() override {}

 private:
  std::unique_ptr<base::File> file_;
};

/// Writes on standard output, which is not this object's.
class OutputSink final : public base::Sink {
 public:
  explicit OutputSink(base::Sink& output) : output_(output) {}
  void write(base::ByteView bytes) override { output_.write(bytes); }
  void finish() override {}

 private:
  base::Sink& output_;
};

serve::EventLog::Open log_opener(const Arguments& arguments, Terminal& terminal) {
  const std::string path = arguments.value_or("log", "-");
  if (path == "off") return {};
  return [path, &terminal]() -> std::unique_ptr<base::Sink> {
    if (path == "-") return std::make_unique<OutputSink>(terminal.output);
    const auto status = terminal.fs.status(path);
    if (status && status->kind == base::FileStatus::Kind::other) return std::make_unique<base::DeviceSink>(path);
    return std::make_unique<AppendingSink>(terminal.fs, path);
  };
}

std::string where_log_is(const Arguments& arguments) {
  const std::string path = arguments.value_or("log", "-");
  if (path == "off") return "there is no log";
  return path == "-" ? "the log is on standard output" : "the log is " + path;
}

void announce(const serve::Service& service, const Arguments& arguments, Terminal& terminal) {
  if (arguments.has("quiet")) return;
  const auto holdings = service.holdings();
  for (const auto& endpoint : service.endpoints()) {
    terminal.messages << "gapstow: " << endpoint.name << " at " << endpoint.url << "\n";
  }
  terminal.messages << "gapstow: serving " << base::counted(holdings->judge.snapshot().images(), "image") << " of "
                    << base::counted(holdings->bundles.size(), "bundle") << "; " << where_log_is(arguments)
                    << ", SIGHUP reloads\n";
  terminal.messages.flush();
}

void reload(serve::Service& service, ServiceManager& manager, Terminal& terminal) {
  manager.reloading();
  try {
    service.reload();
    terminal.messages << "gapstow: reloaded: " << service.holdings()->judge.snapshot().images() << " images of "
                      << service.holdings()->bundles.size() << " bundles\n";
  } catch (const base::Error& error) {
    terminal.messages << "gapstow: reload failed, the old ones are served on: " << error.line() << " ["
                      << base::name(error.code()) << "]\n";
  }
  terminal.messages.flush();
  manager.ready();
}

int run_serve(const Arguments& arguments, Terminal& terminal) {
  auto settings = serve_settings(arguments, terminal);
  const auto grace =
      std::chrono::seconds(base::parse_duration(arguments.value_or("grace", std::string(kDefaultGrace))));
  ServiceManager manager;
  std::optional<HeldSignals> signals(std::in_place);
  serve::Service service(std::move(settings), log_opener(arguments, terminal), terminal.surroundings(arguments));
  service.start();
  announce(service, arguments, terminal);
  manager.ready();
  while (!terminal.cancel.cancelled()) {
    const int signal = signals->wait();
    if (signal == SIGHUP) reload(service, manager, terminal);
    if (signal == SIGINT || signal == SIGTERM) break;
  }
  manager.stopping();
  signals.reset();
  service.stop(grace);
  return 0;
}

}  // namespace

Command serve_command() {
  static const std::vector<Option> shared{kTrustStoreOption, kStateOption, kExpiryOption, kMaxAgeOption, kAtOption};
  return {"serve", "[BUNDLE|PART|DIR...]", "serve what is proven: registry, trust server, admission",
          joined(shared, serve_options()), run_serve};
}

}  // namespace gapstow::cli
