// Findings of `gapstow doctor`: what would let an image run unproven here, and how to mend it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gapstow::cluster {

struct Finding {
  enum class Weight {
    fine,     ///< was looked at and holds
    notice,   ///< could not be looked at, or is worth knowing
    warning,  ///< holds today and will not for long, or weakens something
    open,     ///< an image can come in or run unproven
  };
  Weight weight = Weight::fine;
  std::string check;    ///< stable name: "verifier-directory", "chain-expiry"
  std::string subject;  ///< what was looked at: a path, a GUN, an address
  std::string what;     ///< one line, no full stop
  std::string mend;     ///< how to mend it, a command where there is one; empty when fine
  bool operator==(const Finding&) const = default;
};

/// "fine", "notice", "warning", "open".
std::string_view name(Finding::Weight weight);
/// The heaviest of all; fine when there is none.
Finding::Weight heaviest(const std::vector<Finding>& findings);

}  // namespace gapstow::cluster
