// kill -9 at every system call of an import that changes something, and in the middle of every write: versions seen
// never go down, what stands under the final name is the old or the whole new image, and the next run puts all right.
#include <catch2/catch.hpp>
#include <filesystem>
#include <iostream>

#include "gapstow/digest/digest.h"
#include "scene.h"
#include "support/trust_samples.h"

namespace gapstow::test {
namespace {

/// An import, and how its destination looks.
struct Journey {
  std::vector<std::string> command;
  std::string output;  ///< path of the destination
};

/// What there is but for the state, whose bytes may differ between runs.
Tree visible(const Scene& scene) {
  Tree tree = without_leftovers(read_tree(scene.folder()));
  tree.erase("state.db");
  return tree;
}

/// What names images: the archive itself, or the index of a layout.
std::string index_of(const Tree& tree, const std::string& output) {
  const auto archive = tree.find(output);
  if (archive != tree.end()) return archive->second;
  const auto index = tree.find(output + "/index.json");
  return index == tree.end() ? "" : index->second;
}

void require_whole_blobs(const Tree& tree) {
  for (const auto& [name, content] : tree) {
    const std::string folder = "/blobs/sha256/";
    const auto at = name.find(folder);
    if (at == std::string::npos || name.ends_with('/')) continue;
    INFO(name);
    REQUIRE(digest::sha256(base::as_bytes(content)).hex() == name.substr(at + folder.size()));
  }
}

class Sweep {
 public:
  Sweep(Scene& scene, const Journey& journey) : scene_(scene), journey_(journey) {
    scene_.keep();
    before_ = memory_in(scene_.state_path());
    start_ = visible(scene_);
    scene_.must_run(journey_.command);
    end_ = visible(scene_);
    after_ = memory_in(scene_.state_path());
    REQUIRE(after_.imports == before_.imports + 1);
  }

  void run(Mishap::Kind kind) {
    scene_.reset();
    const auto whole = scene_.run(journey_.command, {kind, 0, 0});
    REQUIRE(whole.exit_code == 0);
    const auto steps = steps_of(whole.steps);
    ahead_ = 0;
    for (const std::uint64_t step : steps) take({kind, step, 0});
    std::cout << journey_.command[2] << (kind == Mishap::Kind::kill ? ": killed before " : ": killed in the middle of ")
              << steps.size() << " of " << whole.steps << " calls; images in place before the state knew: " << ahead_
              << "\n";
  }

 private:
  void take(const Mishap& mishap) {
    scene_.reset();
    const auto killed = scene_.run(journey_.command, mishap);
    INFO("step " << mishap.step << ": " << killed.call << " " << killed.err);
    REQUIRE(killed.exit_code == (killed.happened ? -1 : 0));
    const Memory memory = memory_in(scene_.state_path());
    REQUIRE(is_not_older(memory, before_));
    const Tree tree = visible(scene_);
    require_whole_blobs(tree);
    const std::string index = index_of(tree, journey_.output);
    const bool arrived = index == index_of(end_, journey_.output);
    if (arrived) {
      REQUIRE(tree == end_);
    } else {
      REQUIRE(index == index_of(start_, journey_.output));
      REQUIRE(memory.imports == before_.imports);
    }
    if (arrived && memory.imports == before_.imports) ++ahead_;
    scene_.must_run(journey_.command);
    REQUIRE(visible(scene_) == end_);
    const Memory repaired = memory_in(scene_.state_path());
    REQUIRE(repaired.seen == after_.seen);
    REQUIRE(repaired.imports == memory.imports + 1);
  }

  Scene& scene_;
  const Journey& journey_;
  Memory before_;
  Memory after_;
  Tree start_;
  Tree end_;
  unsigned ahead_ = 0;
};

void sweep(Scene& scene, const Journey& journey) {
  if (!can_trace()) {
    WARN("processes cannot be traced here");
    return;
  }
  Sweep both(scene, journey);
  both.run(Mishap::Kind::kill);
  both.run(Mishap::Kind::tear);
}

Journey to(const Scene& scene, const std::string& destination, const std::string& output) {
  return {scene.import_of("newer", destination), output};
}

}  // namespace

TEST_CASE("an import into a new layout may be killed at every step", "[kill]") {
  Scene scene;
  sweep(scene, to(scene, "oci:out", "out"));
}

TEST_CASE("an import into a layout of others may be killed at every step", "[kill]") {
  Scene scene;
  scene.must_run(scene.import_of("older", "oci:out:other"));
  sweep(scene, to(scene, "oci:out", "out"));
}

TEST_CASE("an import into an empty folder may be killed at every step", "[kill]") {
  Scene scene;
  std::filesystem::create_directory(scene.path("out"));
  sweep(scene, to(scene, "oci:out", "out"));
}

TEST_CASE("an import into an archive may be killed at every step", "[kill]") {
  Scene scene;
  sweep(scene, to(scene, "oci-archive:out.tar", "out.tar"));
}

TEST_CASE("an import over an old docker archive may be killed at every step", "[kill]") {
  Scene scene;
  write_tree(scene.folder(), {{"out.tar", "an older archive"}});
  sweep(scene, to(scene, "docker-archive:out.tar", "out.tar"));
}

TEST_CASE("a first import may be killed at every step", "[kill]") {
  Scene scene;
  std::filesystem::remove(scene.state_path());
  sweep(scene, to(scene, "oci-archive:out.tar", "out.tar"));
}

}  // namespace gapstow::test
