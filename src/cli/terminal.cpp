#include "gapstow/cli/terminal.h"

#include <algorithm>
#include <cstdlib>

#include "gapstow/base/workers.h"
#include "gapstow/json/write.h"

namespace gapstow::cli {
namespace {

/// As many as skopeo and docker move at once.
constexpr unsigned kRemoteJobs = 6;

transfer::SilentObserver& nobody() {
  static transfer::SilentObserver observer;  // has no state
  return observer;
}

std::string render(const Arguments& arguments, const std::string& text, const json::Value& value) {
  return arguments.wants_json() ? json::pretty(value) : text;
}

}  // namespace

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

transfer::Surroundings Terminal::surroundings(const Arguments& arguments) {
  const bool watch = progress != nullptr && !arguments.has("no-progress") && !arguments.has("quiet");
  transfer::Observer& observer = watch ? static_cast<transfer::Observer&>(*progress) : nobody();
  const unsigned jobs = arguments.number("jobs", 1, 64).value_or(base::default_jobs());
  return {fs, clock, cancel, observer, jobs};
}

transfer::Surroundings Terminal::remote_surroundings(const Arguments& arguments) {
  auto around = surroundings(arguments);
  if (!arguments.has("jobs")) around.jobs = std::max(around.jobs, kRemoteJobs);
  return around;
}

report::Style Terminal::style(const Arguments& arguments) const {
  const bool plain = environment("NO_COLOR") || environment("TERM").value_or("dumb") == "dumb";
  return {output_is_terminal && !plain, arguments.has("verbose")};
}

void Terminal::write(const std::string& text) {
  if (progress != nullptr) progress->clear();
  output.write(base::as_bytes(text));
}

void Terminal::print(const Arguments& arguments, const std::string& text, const json::Value& value) {
  if (arguments.has("quiet") && !arguments.wants_json()) return;
  write(render(arguments, text, value));
}

void Terminal::print_aside(const Arguments& arguments, const std::string& text, const json::Value& value) {
  if (arguments.has("quiet") && !arguments.wants_json()) return;
  if (progress != nullptr) progress->clear();
  messages << render(arguments, text, value) << std::flush;
}

}  // namespace gapstow::cli
