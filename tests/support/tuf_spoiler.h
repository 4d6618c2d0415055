// Named ways to spoil one role of a good repository, and what a verifier must say to each.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "support/tuf_repository.h"

namespace gapstow::test {

struct Spoiling {
  std::string name;
  /// Spoils `role` of the repository, before it is built.
  std::function<void(TestRepository&, const std::string& role)> apply;
  /// What is expected for a role; nothing: the chain is as good as before. Spoilings that make no sense for a role are
  /// not offered by spoilings_for().
  std::function<std::optional<base::ErrorCode>(const std::string& role)> expected;
  bool (*applies)(const std::string& role) = nullptr;  ///< nullptr: to every role
};

/// "root", "timestamp", "snapshot", "targets", "targets/releases".
const std::vector<std::string>& spoilable_roles();
/// All that apply to the role of a Notary repository.
std::vector<Spoiling> spoilings_for(const std::string& role);
/// All that apply to the role of a TUF 1.0 repository.
std::vector<Spoiling> v1_spoilings_for(const std::string& role);

}  // namespace gapstow::test
