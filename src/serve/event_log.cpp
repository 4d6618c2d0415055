#include "gapstow/serve/event_log.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/write.h"

namespace gapstow::serve {
namespace {

using json::Array;
using json::Object;

/// How long lines are gathered before they are written.
constexpr std::chrono::milliseconds kGathering{5};

/// What clients send is shortened, and made valid UTF-8 without control characters.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 1024;
  return base::printable(std::string(text.substr(0, kMost)));
}

}  // namespace

struct EventLog::Machine {
  Machine(Open opener, const base::Clock& time, std::function<void(std::uint64_t)> lost)
      : open(std::move(opener)), clock(time), dropped(std::move(lost)), next(open == nullptr ? nullptr : open()) {}

  Open open;
  const base::Clock& clock;
  std::function<void(std::uint64_t)> dropped;
  std::mutex mutex;
  std::condition_variable filled;
  std::condition_variable ended;
  std::string waiting;
  std::unique_ptr<base::Sink> next;  ///< in place of the one that is written
  bool stopping = false;
  std::jthread writer;

  bool is_off() const { return open == nullptr; }

  void add(std::string_view what, Object line) {
    line.set("event", std::string(what));
    line.set("time", base::format_time(clock.now()));
    std::string text = json::serialize(line);
    text += '\n';
    bool lost = false;
    bool is_first = false;
    {
      const std::lock_guard lock(mutex);
      lost = waiting.size() + text.size() > kMaxWaitingLogBytes;
      is_first = waiting.empty();
      if (!lost) waiting += text;
    }
    if (lost) return dropped(1);
    if (is_first) filled.notify_one();
  }

  void run() {
    std::unique_ptr<base::Sink> sink;
    std::unique_lock lock(mutex);
    for (;;) {
      filled.wait(lock, [&] { return stopping || next != nullptr || !waiting.empty(); });
      // Lines come in bursts: one that wakes this thread is waited on by those that follow.
      if (!stopping) ended.wait_for(lock, kGathering, [&] { return stopping; });
      if (stopping && waiting.empty()) return;
      std::string text = std::move(waiting);
      waiting.clear();
      if (next != nullptr) sink = std::move(next);
      lock.unlock();
      write(*sink, text);
      lock.lock();
    }
  }

  void write(base::Sink& sink, const std::string& text) const {
    try {
      if (!text.empty()) sink.write(base::as_bytes(text));
    } catch (const std::exception&) {
      // Nobody is left to tell: what could not be written is counted.
      dropped(static_cast<std::uint64_t>(std::ranges::count(text, '\n')));
    }
  }
};

EventLog::EventLog(Open open, const base::Clock& clock, std::function<void(std::uint64_t)> dropped)
    : machine_(std::make_unique<Machine>(std::move(open), clock, std::move(dropped))) {
  if (!machine_->is_off()) machine_->writer = std::jthread([machine = machine_.get()] { machine->run(); });
}

EventLog::~EventLog() {
  {
    const std::lock_guard lock(machine_->mutex);
    machine_->stopping = true;
  }
  machine_->filled.notify_one();
  machine_->ended.notify_one();
}

void EventLog::access(const Access& access) {
  if (machine_->is_off()) return;
  Object line{{"listener", access.listener},    {"peer", access.peer},
              {"method", shown(access.method)}, {"target", shown(access.target)},
              {"status", access.status},        {"bytes", access.bytes},
              {"complete", access.complete},    {"microseconds", static_cast<std::int64_t>(access.took.count())}};
  if (!access.certificate.empty()) line.set("certificate", shown(access.certificate));
  if (!access.user_agent.empty()) line.set("userAgent", shown(access.user_agent));
  if (!access.note.empty()) line.set("note", shown(access.note));
  machine_->add("access", std::move(line));
}

void EventLog::decision(std::string_view point, std::string_view place, std::string_view peer,
                        const enforce::Ruling& ruling) {
  if (machine_->is_off()) return;
  Object line{{"point", std::string(point)},
              {"peer", std::string(peer)},
              {"verdict", std::string(enforce::name(ruling.verdict))},
              {"image", shown(ruling.local)},
              {"origin", shown(ruling.origin)},
              {"rule", shown(ruling.rule)},
              {"reason", shown(ruling.reason)}};
  if (!place.empty()) line.set("namespace", shown(place));
  if (ruling.digest) line.set("digest", ruling.digest->text());
  if (!ruling.pinned.empty()) line.set("pinned", shown(ruling.pinned));
  if (!ruling.role.empty()) line.set("role", shown(ruling.role));
  if (!ruling.key_ids.empty()) line.set("keyIds", Array(ruling.key_ids.begin(), ruling.key_ids.end()));
  if (ruling.code) line.set("code", std::string(base::name(*ruling.code)));
  if (ruling.broke_glass) line.set("breakGlass", shown(ruling.token));
  machine_->add("decision", std::move(line));
}

void EventLog::event(std::string_view what, json::Object details) {
  if (!machine_->is_off()) machine_->add(what, std::move(details));
}

void EventLog::reopen() {
  if (machine_->is_off()) return;
  auto sink = machine_->open();
  {
    const std::lock_guard lock(machine_->mutex);
    machine_->next = std::move(sink);
  }
  machine_->filled.notify_one();
}

}  // namespace gapstow::serve
