#include "gapstow/report/progress.h"

#include <algorithm>

#include "gapstow/base/text.h"

namespace gapstow::report {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr std::size_t kBarWidth = 24;

double seconds_between(base::Time from, base::Time to) {
  return static_cast<double>(to.seconds - from.seconds) + (to.nanoseconds - from.nanoseconds) / 1e9;
}

std::string bar(std::uint64_t done, std::uint64_t total) {
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto full = static_cast<std::size_t>(share * kBarWidth);
  return "[" + std::string(full, '=') + std::string(kBarWidth - full, ' ') + "] " +
         std::to_string(static_cast<int>(share * 100)) + "%";
}

}  // namespace

void TerminalProgress::stage(const std::string& what, std::uint64_t total) {
  const std::lock_guard lock(mutex_);
  what_ = what;
  total_ = total;
  done_ = 0;
  started_ = drawn_ = clock_.now();
}

void TerminalProgress::advance(std::uint64_t bytes) {
  done_ += bytes;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || what_.empty()) return;
  const base::Time now = clock_.now();
  if (seconds_between(drawn_, now) < kRedrawSeconds) return;
  drawn_ = now;
  draw();
}

void TerminalProgress::draw() {
  const std::uint64_t done = done_;
  const double seconds = std::max(seconds_between(started_, drawn_), 0.001);
  std::string text = what_ + "  " + base::human_size(done);
  if (total_ > 0)
    text = what_ + " " + bar(done, total_) + "  " + base::human_size(done) + " of " + base::human_size(total_);
  text += "  " + base::human_size(static_cast<std::uint64_t>(static_cast<double>(done) / seconds)) + "/s";
  out_ << "\r\x1b[K" << text << std::flush;
  visible_ = true;
}

void TerminalProgress::clear() {
  const std::lock_guard lock(mutex_);
  if (visible_) out_ << "\r\x1b[K" << std::flush;
  visible_ = false;
}

}  // namespace gapstow::report
