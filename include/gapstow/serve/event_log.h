// The log of a service: one JSON object a line, for requests and for decisions. Schema: formats/serve-log.schema.json.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gapstow/base/stream.h"
#include "gapstow/base/time.h"
#include "gapstow/enforce/judge.h"
#include "gapstow/json/value.h"
#include "gapstow/serve/listener.h"

namespace gapstow::serve {

inline constexpr std::size_t kMaxWaitingLogBytes = 16ULL << 20;

/// Lines are written by a thread of its own, in order. Who logs never waits: when the reader of the log is so slow that
/// kMaxWaitingLogBytes are waiting, lines are dropped and counted. Any number of threads.
class EventLog {
 public:
  /// `open` gives the sink, now and at each reopen(); what it throws goes out. An empty function means no log.
  /// `dropped` is told of lost lines.
  using Open = std::function<std::unique_ptr<base::Sink>()>;
  EventLog(Open open, const base::Clock& clock, std::function<void(std::uint64_t)> dropped);
  ~EventLog();

  void access(const Access& access);
  /// `point`: "registry", "image-policy", "validate", "mutate".
  void decision(std::string_view point, std::string_view place, std::string_view peer, const enforce::Ruling& ruling);
  /// Anything else: "started", "reloaded", "reload failed", "damaged".
  void event(std::string_view what, json::Object details);
  /// Lines from here on go into a sink that was opened anew: for log rotation. What `open` throws changes nothing.
  void reopen();

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace gapstow::serve
