// Metrics: counters of a running service, as Prometheus reads them (text format 0.0.4).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

namespace gapstow::serve {

/// Upper bounds of the histograms' buckets, in microseconds; everything slower is in +Inf.
inline constexpr std::array<std::int64_t, 12> kLatencyBuckets{50,    100,    250,    500,     1000,      2500,
                                                              5'000, 10'000, 50'000, 250'000, 1'000'000, 5'000'000};

class Histogram {
 public:
  void add(std::chrono::microseconds took);
  /// Lines for `name{labels}`; labels without braces, may be empty.
  void write(std::string& out, std::string_view name, std::string_view labels) const;

 private:
  std::array<std::atomic<std::uint64_t>, kLatencyBuckets.size() + 1> counts_{};
  std::atomic<std::uint64_t> microseconds_{0};
};

/// Any number of threads.
class Metrics {
 public:
  /// One ruling at a point: "registry", "image-policy", "validate", "mutate".
  void decision(std::string_view point, std::string_view verdict, std::string_view rule);
  void decision_took(std::string_view point, std::chrono::microseconds took);
  /// One finished request of a listener.
  void request(std::string_view listener, unsigned status, std::uint64_t bytes, std::chrono::microseconds took);
  void reload(bool worked);
  void log_dropped(std::uint64_t lines);

  /// What this object counts, in Prometheus' words. Gauges of the service are added by status_routes.
  std::string text() const;

 private:
  struct Requests {
    std::map<unsigned, std::uint64_t> by_status;
    std::uint64_t bytes = 0;
    Histogram seconds;
  };
  mutable std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t, std::less<>> decisions_;
  std::map<std::string, Histogram, std::less<>> decision_seconds_;
  std::map<std::string, Requests, std::less<>> requests_;
  std::uint64_t reloads_ = 0;
  std::uint64_t failed_reloads_ = 0;
  std::uint64_t dropped_lines_ = 0;
};

/// A label's value between quotes: backslash, quote and line feed escaped.
std::string label(std::string_view name, std::string_view value);

}  // namespace gapstow::serve
