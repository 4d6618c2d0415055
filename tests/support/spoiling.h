// Named ways to spoil one role of a good repository. Each is written once and works on both dialects through what
// TestRepository offers. What a verifier must say to each stands in tests/data/spoilings.txt (spoiling_table.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/tuf_repository.h"

namespace gapstow::test {

struct Spoiling {
  /// Spoils `role` before the repository is built.
  using Apply = std::function<void(TestRepository& repository, const std::string& role)>;
  /// Whether there is such a thing for the role of that repository.
  using Applies = bool (*)(const TestRepository& repository, const std::string& role);

  std::string name;
  Apply apply;
  Applies applies = nullptr;  ///< nullptr: always
};

/// All of them; names are unique.
const std::vector<Spoiling>& spoilings();

/// Parts of spoilings().
std::vector<Spoiling> form_spoilings();
std::vector<Spoiling> json_spoilings();
std::vector<Spoiling> signing_spoilings();
std::vector<Spoiling> signature_value_spoilings();
std::vector<Spoiling> mandate_spoilings();
std::vector<Spoiling> key_spoilings();
std::vector<Spoiling> contents_spoilings();
std::vector<Spoiling> promise_spoilings();
std::vector<Spoiling> bytes_spoilings();

}  // namespace gapstow::test
