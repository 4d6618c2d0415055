#include "lines.h"

#include "gapstow/base/error.h"

namespace gapstow::registry {
namespace {

Line make_line() {
  prepare_curl();
  Line line{CurlMulti(curl_multi_init()), CurlEasy(curl_easy_init())};
  if (!line.multi || !line.easy) throw base::Error(base::ErrorCode::internal, "libcurl has no memory");
  curl_multi_setopt(line.multi.get(), CURLMOPT_MAXCONNECTS, 2L);
  return line;
}

}  // namespace

Line Lines::take(const std::string& origin) {
  {
    const std::lock_guard lock(mutex_);
    auto& idle = idle_[origin];
    if (!idle.empty()) {
      auto line = std::move(idle.back());
      idle.pop_back();
      return line;
    }
  }
  return make_line();
}

void Lines::give(const std::string& origin, Line line) {
  curl_easy_reset(line.easy.get());
  const std::lock_guard lock(mutex_);
  auto& idle = idle_[origin];
  if (idle.size() < kMaxIdleLines) idle.push_back(std::move(line));
}

}  // namespace gapstow::registry
