// Files of TUF 1.0. A targets file that parses also answers for every target, the input's own hash among them.
#include "fuzz/metadata.h"
#include "gapstow/digest/digest.h"

namespace {

using namespace gapstow;

/// A bin's number and its name lead to each other, and a delegation's own terms are well-formed for every target.
void check_delegations(const tuf::Targets& targets, const std::string& target) {
  const auto& dialect = tuf::tuf_v1();
  if (targets.bins) {
    const auto index = tuf::bin_for(*targets.bins, digest::sha256(base::as_bytes(target)).hex());
    const auto bin = tuf::delegation_at(targets, index);
    fuzz::require(tuf::bin_named(*targets.bins, bin.name) == index, "bins are found by their names");
    fuzz::require(dialect.may_name(bin, target), "a target belongs to its bin");
  }
  for (const auto& delegation : targets.delegations) {
    static_cast<void>(dialect.may_name(delegation, target));
    fuzz::require(delegation.paths.empty() || delegation.hash_prefixes.empty(), "terms are of one kind");
  }
}

}  // namespace

FUZZ_TARGET(input) {
  const auto& dialect = tuf::tuf_v1();
  fuzz::check_metadata(input, dialect);
  const auto file = fuzz::accepted([&] { return dialect.parse_targets(input, "targets"); });
  if (file) check_delegations(file->body, digest::sha256(input).hex().substr(0, 8) + "/a.tar");
}
