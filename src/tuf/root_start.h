// Where the walk over the roots begins: the pins against the roots that a chain holds.
#pragma once

#include <string>
#include <vector>

#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/trusted_set.h"

namespace gapstow::tuf {

struct RootStart {
  TrustedSet set;   ///< trusts exactly the first root
  std::string pin;  ///< which pin held, in words
};

/// The oldest root that a pin vouches for; older ones must at least be well-formed. Throws Error{untrusted_root}
/// without pins, Error{pin_mismatch} when none fits, and what a root that should fit fails with.
RootStart choose_start(const ChainFiles& files, const Dialect& dialect, const std::string& gun,
                       const std::vector<RootPin>& pins, base::Time when);

}  // namespace gapstow::tuf
