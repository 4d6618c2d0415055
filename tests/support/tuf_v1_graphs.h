// Graphs of delegations and the order in which a search that finds nothing asks their roles.
#pragma once

#include <string>
#include <vector>

#include "support/tuf_v1_repository.h"

namespace gapstow::test {

struct DelegationGraphCase {
  struct Edge {
    const char* from;
    const char* to;
    bool terminating = false;
    const char* path = "*";
  };
  std::vector<Edge> edges;
  std::vector<std::string> order;  ///< behind "targets", for target "missing"
};

/// The cases of the TUF conformance suite.
inline const std::vector<DelegationGraphCase>& delegation_graphs() {
  static const std::vector<DelegationGraphCase> cases{
      {{{"targets", "A"}}, {"A"}},
      {{{"targets", "A"}, {"targets", "B"}}, {"A", "B"}},
      {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}}, {"A", "B", "C"}},
      {{{"targets", "A"}, {"targets", "B"}, {"A", "C"}, {"A", "D"}}, {"A", "C", "D", "B"}},
      {{{"targets", "A"}, {"targets", "B"}, {"A", "C"}, {"C", "D"}}, {"A", "C", "D", "B"}},
      {{{"targets", "A"}, {"targets", "B"}, {"A", "C", true}, {"A", "D"}}, {"A", "C"}},
      {{{"targets", "A"}, {"targets", "B"}, {"A", "C", true}, {"C", "D"}}, {"A", "C", "D"}},
      {{{"targets", "A", false, "*.py"}, {"targets", "B"}, {"A", "C"}}, {"B"}},
      {{{"targets", "A"}, {"targets", "B"}, {"A", "C", false, "*.py"}, {"C", "D"}}, {"A", "B"}},
      {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}, {"C", "D"}, {"D", "B"}}, {"A", "B", "C", "D"}},
      {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}, {"A", "C"}}, {"A", "C", "B"}},
      {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}, {"A", "C", false, "*.py"}}, {"A", "B", "C"}},
  };
  return cases;
}

/// Delegates by a fresh key, with a file of version 1 that names `target`, if it is given.
inline void grow(TufRepository& repository, const std::string& from, const std::string& to,
                 const std::vector<std::string>& paths, bool terminating = false, const std::string& target = {}) {
  const auto key = publish_v1(TestKey::generate(TestKind::ed25519));
  repository.delegate(from, to, {{key}, 1}, paths, terminating);
  if (repository.targets.contains(to)) {
    repository.targets.at(to).signers.push_back(key);
  } else {
    repository.add_targets(to, 1, {key});
  }
  if (!target.empty()) repository.put(to, target, "content of " + to);
}

/// The standard repository without targets and delegations.
inline TufRepository bare_repository() {
  auto repository = TufRepository::standard();
  repository.targets.clear();
  repository.add_targets("targets", 1, {repository.keys.at("targets")});
  return repository;
}

}  // namespace gapstow::test
