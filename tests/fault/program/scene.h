// A folder as an operator leaves it before a command, and what is in it after one that went wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "support/traced_program.h"
#include "support/trust_state_file.h"

namespace gapstow::test {

/// Path below a folder -> content; folders end in "/" and have none.
using Tree = std::map<std::string, std::string>;

Tree read_tree(const std::string& folder);
void write_tree(const std::string& folder, const Tree& tree);
/// Without what a run leaves under temporary names (".<name>.<random>.tmp") and journals of databases.
Tree without_leftovers(const Tree& tree);
/// What is at `path` and below it.
Tree part_of(const Tree& tree, const std::string& path);

/// What the state knows: versions of the sample chain, and how many imports.
struct Memory {
  tuf::SeenRoles seen;
  std::size_t imports = 0;
};
/// Read from a copy, so that nothing is put right at `path` itself.
Memory memory_in(const std::string& path);
/// No role of `before` is missing or older in `after`.
bool is_not_older(const Memory& after, const Memory& before);

/// A working folder in memory with a trust store "trust" and a state "state.db" that has seen the older of two bundles
/// of the sample image; the bundles are elsewhere.
class Scene {
 public:
  Scene();
  const std::string& folder() const { return file_.folder(); }
  const std::string& state_path() const { return file_.path(); }
  std::string path(const std::string& name) const { return folder() + "/" + name; }
  /// Adds to what reset() gives.
  void keep() { start_ = read_tree(folder()); }
  /// As it was at keep().
  void reset() const;
  const Tree& start() const { return start_; }

  /// "import BUNDLE DESTINATION" of "older" or "newer" with the options that fit the scene.
  std::vector<std::string> import_of(const std::string& bundle, const std::string& destination) const;

  /// Runs the program in the folder.
  TracedRun run(std::vector<std::string> arguments) const;
  TracedRun run(std::vector<std::string> arguments, const Mishap& mishap) const;
  /// run(), which must succeed.
  TracedRun must_run(const std::vector<std::string>& arguments) const;

 private:
  StateFile bundles_;
  StateFile file_;
  Tree start_;
};

/// Steps to take of `count`: all, or a spread with all of the first and last ones when there are many; all with
/// GAPSTOW_ALL_STEPS in the environment.
std::vector<std::uint64_t> steps_of(std::uint64_t count);

}  // namespace gapstow::test
