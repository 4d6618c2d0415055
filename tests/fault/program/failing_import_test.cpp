// Every system call of an import that changes something fails once, in gapstow's own code or in SQLite: a full disk, a
// failing medium. The run says so in its exit code and class, nothing is half done, and the next run succeeds.
#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <map>

#include "scene.h"
#include "support/trust_samples.h"

namespace gapstow::test {
namespace {

/// The class in brackets at the end of the first line.
std::string class_of(const std::string& messages) {
  const std::string line = messages.substr(0, messages.find('\n'));
  const auto at = line.rfind('[');
  return at == std::string::npos || !line.ends_with(']') ? "" : line.substr(at + 1, line.size() - at - 2);
}

class Failures {
 public:
  Failures(Scene& scene, const std::string& destination)
      : scene_(scene), command_(scene.import_of("newer", destination)) {
    scene_.keep();
    before_ = memory_in(scene_.state_path());
    scene_.must_run(command_);
    end_ = files();
    after_ = memory_in(scene_.state_path());
  }

  void run(int error) {
    scene_.reset();
    const auto whole = scene_.run(command_, {Mishap::Kind::fail, 0, error});
    const auto steps = steps_of(whole.steps);
    for (const std::uint64_t step : steps) take({Mishap::Kind::fail, step, error});
    std::cout << command_[2] << ": error " << error << " from " << steps.size() << " of " << whole.steps << " calls";
    for (const auto& [how, count] : ends_) std::cout << "; " << how << " " << count;
    std::cout << "\n";
    scene_.reset();
  }

 private:
  Tree files() const {
    Tree tree = read_tree(scene_.folder());
    tree.erase("state.db");
    return tree;
  }

  void take(const Mishap& mishap) {
    scene_.reset();
    const Tree start = files();
    const auto failed = scene_.run(command_, mishap);
    INFO("step " << mishap.step << ": " << failed.call << " " << failed.err);
    const Memory memory = memory_in(scene_.state_path());
    REQUIRE(is_not_older(memory, before_));
    const Tree visible = without_leftovers(files());
    if (failed.exit_code == 0) {
      REQUIRE(visible == without_leftovers(end_));
      REQUIRE(memory.imports == before_.imports + 1);
      ++ends_["done all the same"];
    } else {
      REQUIRE(failed.exit_code == 3);
      REQUIRE((class_of(failed.err) == "io_write" || class_of(failed.err) == "state_unavailable"));
      const bool arrived = visible == without_leftovers(end_);
      if (arrived) {
        // The end of the state's transaction has failed: run again.
        REQUIRE(failed.err.find("in place") != std::string::npos);
      } else {
        REQUIRE(visible == without_leftovers(start));
        REQUIRE(memory.imports == before_.imports);
      }
      ++ends_[arrived ? "refused with the image in place" : class_of(failed.err)];
    }
    if (failed.call.find("unlink") == std::string::npos) {
      Tree left = files();
      left.erase("state.db-journal");  // of what the next run undoes
      REQUIRE(left == visible);
    }
    scene_.must_run(command_);
    REQUIRE(without_leftovers(files()) == without_leftovers(end_));
    REQUIRE(memory_in(scene_.state_path()).seen == after_.seen);
  }

  Scene& scene_;
  std::vector<std::string> command_;
  Memory before_;
  Memory after_;
  Tree end_;
  std::map<std::string, unsigned> ends_;
};

void fail_all(Scene& scene, const std::string& destination, std::initializer_list<int> errors) {
  if (!can_trace()) {
    WARN("processes cannot be traced here");
    return;
  }
  for (const int error : errors) Failures(scene, destination).run(error);
}

}  // namespace

TEST_CASE("an import into a new layout survives every failing call", "[fail]") {
  Scene scene;
  fail_all(scene, "oci:out", {ENOSPC});
}

TEST_CASE("an import into a layout of others survives every failing call", "[fail]") {
  Scene scene;
  scene.must_run(scene.import_of("older", "oci:out:other"));
  fail_all(scene, "oci:out", {ENOSPC});
}

TEST_CASE("an import into an archive survives every failing call", "[fail]") {
  Scene scene;
  fail_all(scene, "oci-archive:out.tar", {ENOSPC, EIO});
}

TEST_CASE("a first import into a docker archive survives every failing call", "[fail]") {
  Scene scene;
  std::filesystem::remove(scene.state_path());
  fail_all(scene, "docker-archive:out.tar", {EROFS});
}

}  // namespace gapstow::test
