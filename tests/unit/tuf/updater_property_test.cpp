// Whatever a repository serves, what a client has stored does not go back.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "support/tuf_scene.h"

using namespace gapstow;
using test::Scene;

namespace {

const std::vector<std::string> kRoles{"root", "timestamp", "snapshot", "targets", "releases", "alice"};

/// Versions of all that is stored; every file of a store can be read.
std::map<std::string, std::uint64_t> versions(const Scene& scene) {
  std::map<std::string, std::uint64_t> stored;
  for (const auto& [role, raw] : scene.store.files) stored[role] = scene.version(role);
  return stored;
}

/// Something that a repository may do, in good or bad faith, short of taking keys away.
void disturb(Scene& scene) {
  const auto& role = *rc::gen::elementOf(kRoles);
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      if (role != "root") scene.set_version(role, *rc::gen::inRange<std::uint64_t>(1, 12));
      break;
    case 1:
      scene.repository.publish_again(role);
      break;
    case 2:
      scene.add_root();
      break;
    case 3:
      scene.repository.with_hashes = *rc::gen::arbitrary<bool>();
      break;
    default: {
      const auto files = scene.repository.served();
      const auto chosen =
          *rc::gen::elementOf(std::vector<std::pair<std::string, base::Bytes>>(files.begin(), files.end()));
      scene.replaced = {chosen};
      auto& raw = scene.replaced.begin()->second;
      raw[*rc::gen::inRange<std::size_t>(0, raw.size())] ^= std::byte{1};
    }
  }
}

}  // namespace

TEST_CASE("stored versions never go down while keys stay") {
  REQUIRE(rc::check("random repositories", [] {
    static const Scene start;
    Scene scene = start;
    for (int step = 0; step < 7; ++step) {
      disturb(scene);
      const auto before = versions(scene);
      const bool search = *rc::gen::arbitrary<bool>();
      const auto failed = search ? scene.find("app/1.0") : scene.refresh();
      const auto after = versions(scene);
      for (const auto& [role, version] : before) {
        RC_ASSERT(after.contains(role));
        RC_ASSERT(after.at(role) >= version);
      }
      if (!failed) scene.replaced.clear();
    }
  }));
}
