// The faults of which vectors are made: one row for each, for the roles and dialects to which it applies.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vectors/tuf_forge.h"

namespace gapstow::test {

/// What is expected in each dialect; nullptr where the fault does not apply. VectorDraft::vector.expect goes before.
struct Expect {
  const char* notary;
  const char* tuf;
};
constexpr Expect both(const char* code) { return {code, code}; }

/// "delegated" stands for the delegated role, whatever its name; "" for the chain as a whole.
inline const std::vector<std::string> kAllRoles{"root", "timestamp", "snapshot", "targets", "delegated"};
/// For what is the same code everywhere.
inline const std::vector<std::string> kFew{"timestamp", "delegated"};
inline const std::vector<std::string> kWhole{""};

struct Fault {
  unsigned group;     ///< 1 to 16; 0 for chains without fault
  std::string name;   ///< "duplicate-keyid"
  std::string title;  ///< what is wrong, or right
  std::function<void(VectorDraft&)> spoil;
  Expect expect;
  std::vector<std::string> roles = kAllRoles;
};
using Faults = std::vector<Fault>;

Faults good_chains();
Faults threshold_faults();  // 1
Faults signature_faults();  // 2
Faults key_faults();        // 2
Faults key_id_faults();     // 3
Faults version_faults();    // 4
Faults state_faults();      // 5, 13
Faults time_faults();       // 6
Faults link_faults();       // 7
Faults mix_faults();        // 8
Faults root_key_faults();   // 9
Faults name_faults();       // 10
Faults graph_faults();      // 11
Faults json_faults();       // 12
Faults answer_faults();     // 14, 15, 16

/// Every fault for its roles and dialects, by name.
std::vector<TufVector> tuf_vectors();

}  // namespace gapstow::test
