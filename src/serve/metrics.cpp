#include "gapstow/serve/metrics.h"

#include <algorithm>

namespace gapstow::serve {
namespace {

/// Rules come from the trust store, so there are few; should somebody make them many, the rest shares one line.
constexpr std::size_t kMaxSeries = 2000;
constexpr std::string_view kOther = "other";

/// Seconds from microseconds, without losing digits: "0.00025".
std::string seconds(std::uint64_t microseconds) {
  std::string fraction = std::to_string(microseconds % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  return std::to_string(microseconds / 1'000'000) + "." + fraction;
}

void line(std::string& out, std::string_view name, std::string_view labels, std::string_view value) {
  out += name;
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(value).append("\n");
}

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

}  // namespace

std::string label(std::string_view name, std::string_view value) {
  std::string out(name);
  out += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + '"';
}

void Histogram::add(std::chrono::microseconds took) {
  const auto at = std::ranges::lower_bound(kLatencyBuckets, took.count());
  counts_[static_cast<std::size_t>(at - kLatencyBuckets.begin())].fetch_add(1, std::memory_order_relaxed);
  microseconds_.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
}

void Histogram::write(std::string& out, std::string_view name, std::string_view labels) const {
  const std::string base(name);
  const std::string before = labels.empty() ? "" : std::string(labels) + ",";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    total += counts_[i].load(std::memory_order_relaxed);
    const bool is_last = i == kLatencyBuckets.size();
    const std::string bound = is_last ? "+Inf" : seconds(static_cast<std::uint64_t>(kLatencyBuckets[i]));
    line(out, base + "_bucket", before + label("le", bound), std::to_string(total));
  }
  line(out, base + "_sum", labels, seconds(microseconds_.load(std::memory_order_relaxed)));
  line(out, base + "_count", labels, std::to_string(total));
}

void Metrics::decision(std::string_view point, std::string_view verdict, std::string_view rule) {
  const std::lock_guard lock(mutex_);
  const std::tuple key(point, verdict, rule);
  if (const auto found = decisions_.find(key); found != decisions_.end()) {
    ++found->second;
    return;
  }
  const std::string_view shown = decisions_.size() < kMaxSeries ? rule : kOther;
  ++decisions_[{std::string(point), std::string(verdict), std::string(shown)}];
}

void Metrics::decision_took(std::string_view point, std::chrono::microseconds took) {
  const std::lock_guard lock(mutex_);
  const auto found = decision_seconds_.find(point);
  (found != decision_seconds_.end() ? found->second : decision_seconds_[std::string(point)]).add(took);
}

void Metrics::request(std::string_view listener, unsigned status, std::uint64_t bytes, std::chrono::microseconds took) {
  const std::lock_guard lock(mutex_);
  const auto found = requests_.find(listener);
  Requests& requests = found != requests_.end() ? found->second : requests_[std::string(listener)];
  ++requests.by_status[status];
  requests.bytes += bytes;
  requests.seconds.add(took);
}

void Metrics::reload(bool worked) {
  const std::lock_guard lock(mutex_);
  ++(worked ? reloads_ : failed_reloads_);
}

void Metrics::log_dropped(std::uint64_t lines) {
  const std::lock_guard lock(mutex_);
  dropped_lines_ += lines;
}

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  head(out, "gapstow_decisions_total", "counter", "Decisions by point, verdict and rule.");
  for (const auto& [key, count] : decisions_) {
    const auto& [point, verdict, rule] = key;
    line(out, "gapstow_decisions_total",
         label("point", point) + "," + label("verdict", verdict) + "," + label("rule", rule), std::to_string(count));
  }
  head(out, "gapstow_decision_seconds", "histogram", "Time that the decisions of a request took.");
  for (const auto& [point, histogram] : decision_seconds_) {
    histogram.write(out, "gapstow_decision_seconds", label("point", point));
  }
  head(out, "gapstow_requests_total", "counter", "Requests by listener and status; 0 was broken off.");
  for (const auto& [listener, requests] : requests_) {
    for (const auto& [status, count] : requests.by_status) {
      line(out, "gapstow_requests_total", label("listener", listener) + "," + label("status", std::to_string(status)),
           std::to_string(count));
    }
  }
  head(out, "gapstow_response_bytes_total", "counter", "Bytes of bodies that were sent.");
  for (const auto& [listener, requests] : requests_) {
    line(out, "gapstow_response_bytes_total", label("listener", listener), std::to_string(requests.bytes));
  }
  head(out, "gapstow_request_seconds", "histogram", "Time from the first byte of a request to the last of its answer.");
  for (const auto& [listener, requests] : requests_) {
    requests.seconds.write(out, "gapstow_request_seconds", label("listener", listener));
  }
  head(out, "gapstow_reloads_total", "counter", "Reloads of bundles, decisions and certificates.");
  line(out, "gapstow_reloads_total", label("result", "ok"), std::to_string(reloads_));
  line(out, "gapstow_reloads_total", label("result", "failed"), std::to_string(failed_reloads_));
  head(out, "gapstow_log_dropped_lines_total", "counter", "Lines of the access log that nobody took in time.");
  line(out, "gapstow_log_dropped_lines_total", "", std::to_string(dropped_lines_));
  return out;
}

}  // namespace gapstow::serve
