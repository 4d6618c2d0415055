#include "descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>

namespace gapstow::serve {
namespace {

/// For threads' loops, logs and what libraries open for a moment.
constexpr std::size_t kSpare = 64;

std::size_t connections_of(const std::vector<ListenerSettings>& listeners) {
  std::size_t sum = 0;
  for (const auto& each : listeners) sum += each.limits.connections;
  return sum;
}

/// Bundles, mostly; 0 where /proc is not there.
std::size_t descriptors_in_use() {
  std::error_code error;
  std::size_t count = 0;
  std::filesystem::directory_iterator each("/proc/self/fd", error);
  for (; !error && each != std::filesystem::directory_iterator(); each.increment(error)) ++count;
  return count;
}

/// As many as wanted, or as the system allows.
std::size_t raised_limit(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  if (limit.rlim_cur >= wanted) return wanted;
  const rlimit higher{std::min<rlim_t>(wanted, limit.rlim_max), limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &higher) == 0 ? higher.rlim_cur : limit.rlim_cur;
}

}  // namespace

void provide_descriptors(std::vector<ListenerSettings>& listeners) {
  // A reload opens the bundles anew before it lets go of the old ones.
  const std::size_t others = 2 * descriptors_in_use() + kSpare;
  const std::size_t limit = raised_limit(connections_of(listeners) + others);
  share_connections(listeners, limit > others ? limit - others : 0);
}

void share_connections(std::vector<ListenerSettings>& listeners, std::size_t available) {
  const std::size_t wanted = connections_of(listeners);
  if (wanted <= available) return;
  for (auto& each : listeners) {
    each.limits.connections = std::max<std::size_t>(each.limits.connections * available / wanted, 1);
  }
}

}  // namespace gapstow::serve
