// Lines: libcurl handles that were used and keep their connections open, for the next exchange with the same server.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "curl.h"

namespace gapstow::registry {

inline constexpr std::size_t kMaxIdleLines = 16;  ///< for each server

/// An easy handle and the multi handle that drives it and owns its connections. One thread at a time.
struct Line {
  CurlMulti multi;
  CurlEasy easy;  // goes first
};

/// Safe to use from several threads.
class Lines {
 public:
  /// One that has talked to `origin` before, else a new one.
  Line take(const std::string& origin);
  /// The handle is not in use any more.
  void give(const std::string& origin, Line line);

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<Line>> idle_;
};

}  // namespace gapstow::registry
