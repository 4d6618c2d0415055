#include "scene.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gapstow/base/atomic_file.h"
#include "support/transfer_samples.h"
#include "support/trust_samples.h"

namespace gapstow::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDay = "2026-11-23T00:00:00Z";

std::string program() {
  const char* named = std::getenv("GAPSTOW");
  if (named == nullptr) FAIL("GAPSTOW must name the program");
  return named;
}

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> sample_identities() {
  auto all = sample_chain("dct-delegated").root_identities();
  const auto rotated = sample_chain("dct-rotated").root_identities();
  all.insert(all.end(), rotated.begin(), rotated.end());
  return all;
}

}  // namespace

Tree read_tree(const std::string& folder) {
  Tree tree;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    if (entry.is_directory()) {
      tree[name + "/"];
    } else {
      tree[name] = content_of(entry.path());
    }
  }
  return tree;
}

void write_tree(const std::string& folder, const Tree& tree) {
  for (const auto& [name, content] : tree) {
    if (name.ends_with('/')) {
      fs::create_directories(folder + "/" + name);
    } else {
      std::ofstream(folder + "/" + name, std::ios::binary) << content;
    }
  }
}

Tree without_leftovers(const Tree& tree) {
  Tree kept;
  for (const auto& [name, content] : tree) {
    const bool temporary = name.starts_with('.') || name.find("/.") != std::string::npos;
    if (!temporary && !name.ends_with("-journal")) kept[name] = content;
  }
  return kept;
}

Tree part_of(const Tree& tree, const std::string& path) {
  Tree kept;
  for (const auto& [name, content] : tree) {
    if (name == path || name.starts_with(path + "/")) kept[name] = content;
  }
  return kept;
}

Memory memory_in(const std::string& path) {
  const StateFile copy;
  for (const char* ending : {"", "-journal"}) {
    if (fs::exists(path + ending)) fs::copy_file(path + ending, copy.path() + ending);
  }
  const auto state = trust::State::open_existing(copy.path());
  if (state == nullptr) return {};
  static const auto identities = sample_identities();
  return {state->seen(kSampleGun, identities), state->history(100).size()};
}

bool is_not_older(const Memory& after, const Memory& before) {
  for (const auto& [role, seen] : before.seen) {
    const auto found = after.seen.find(role);
    if (found == after.seen.end() || found->second.version < seen.version) return false;
  }
  return after.imports >= before.imports;
}

Scene::Scene() {
  base::SystemFs files;
  trust::save_store(files, path("trust"), sample_store());
  pack_sample(files, bundles_.folder() + "/older", "dct-delegated");
  pack_sample(files, bundles_.folder() + "/newer", "dct-rotated");
  must_run(import_of("older", "oci-archive:first.tar"));
  files.remove(path("first.tar"));
  keep();
}

std::vector<std::string> Scene::import_of(const std::string& bundle, const std::string& destination) const {
  return {
      "import", bundles_.folder() + "/" + bundle, destination, "--trust-store", "trust", "--state", "state.db", "--at",
      kDay};
}

void Scene::reset() const {
  for (const auto& entry : fs::directory_iterator(folder())) fs::remove_all(entry.path());
  write_tree(folder(), start_);
}

TracedRun Scene::run(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), program());
  return run_plain(arguments, folder());
}

TracedRun Scene::run(std::vector<std::string> arguments, const Mishap& mishap) const {
  arguments.insert(arguments.begin(), program());
  return run_traced(arguments, folder(), mishap);
}

TracedRun Scene::must_run(const std::vector<std::string>& arguments) const {
  auto done = run(arguments);
  INFO(done.err);
  REQUIRE(done.exit_code == 0);
  return done;
}

std::vector<std::uint64_t> steps_of(std::uint64_t count) {
  constexpr std::uint64_t kFirst = 2;
  constexpr std::uint64_t kLast = 12;  // where things become visible and are remembered
  constexpr std::uint64_t kBetween = 4;
  const bool all = std::getenv("GAPSTOW_ALL_STEPS") != nullptr || count <= kFirst + kLast + kBetween;
  const std::uint64_t stride = all ? 1 : (count - kFirst - kLast) / kBetween;
  std::vector<std::uint64_t> steps;
  for (std::uint64_t step = 1; step <= count; ++step) {
    if (step <= kFirst || step + kLast > count || step % stride == 0) steps.push_back(step);
  }
  return steps;
}

}  // namespace gapstow::test
