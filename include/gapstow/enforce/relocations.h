// Relocations: from the name by which an image is asked for here to the name under which it was signed. A relocation
// says only which origin is meant; it adds no trust.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gapstow/oci/reference.h"
#include "gapstow/trust/store.h"

namespace gapstow::enforce {

/// The origin of a local name, and which rule led there.
struct Origin {
  oci::Reference reference;  ///< with the tag and digest of the local one, the tag translated
  std::string rule;          ///< "docker.io/library -> registry.airgap.local/mirror"; empty: the name is its own origin
};

/// Immutable; any number of threads.
class Relocations {
 public:
  Relocations() = default;
  /// Error{malformed} for rules that contradict each other (two origins for one local name), lead in chains (a local
  /// name that is again the origin of another rule: it must be said in one step) or are no prefixes of references.
  explicit Relocations(std::vector<trust::Relocation> rules);

  /// The longest `to` that ends at the border of a part decides. Names that no rule is for stand for themselves.
  /// Error{invalid_reference} when the result is no reference.
  Origin origin_of(const oci::Reference& local) const;
  /// Every name by which the origin may be asked for here: its own (unless that stands for another), then those of the
  /// rules.
  std::vector<oci::Reference> local_names(const oci::Reference& origin) const;
  /// Sorted by `to`.
  const std::vector<trust::Relocation>& rules() const { return rules_; }

 private:
  const trust::Relocation* rule_for(std::string_view repository) const;
  std::vector<trust::Relocation> rules_;
};

/// As oci::parse_reference(), and hosts that mean docker.io (index.docker.io, registry-1.docker.io) become it, letters
/// of the host become small. Without a tag and a digest the tag is "latest".
oci::Reference normalise(std::string_view text);

}  // namespace gapstow::enforce
