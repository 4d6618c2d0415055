#include "../../../src/serve/descriptors.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>

using namespace gapstow;

namespace {

std::vector<serve::ListenerSettings> three_listeners() {
  std::vector<serve::ListenerSettings> all(3);
  all[0].limits.connections = 4096;
  all[1].limits.connections = 1024;
  all[2].limits.connections = 64;
  return all;
}

}  // namespace

TEST_CASE("Each listener has its share of the descriptors that there are") {
  auto enough = three_listeners();
  serve::share_connections(enough, 5184);
  CHECK(enough[0].limits.connections == 4096);
  auto few = three_listeners();
  serve::share_connections(few, 1000);
  CHECK(few[0].limits.connections == 790);
  CHECK(few[1].limits.connections == 197);
  CHECK(few[2].limits.connections == 12);
  auto none = three_listeners();
  serve::share_connections(none, 0);
  for (const auto& each : none) CHECK(each.limits.connections == 1);
}

TEST_CASE("The limit of descriptors is raised as far as it is needed") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = 200;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  auto listeners = three_listeners();
  serve::provide_descriptors(listeners);
  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(after.rlim_max == before.rlim_max);
  if (before.rlim_max < 6000) return;
  CHECK(after.rlim_cur > 5184);
  CHECK(listeners[0].limits.connections == 4096);
}
