// Short forms for tests that verify the chain of a NotaryRepository.
#pragma once

#include <vector>

#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/dialect.h"
#include "support/error_of.h"
#include "support/tuf_repository.h"

namespace gapstow::test {

inline const base::Time kWhen = base::parse_time("2026-11-23T00:00:00Z");

inline tuf::VerifiedChain proven(const NotaryRepository& repository, const std::vector<tuf::RootPin>& pins) {
  return tuf::verify_chain(repository.build(), tuf::notary_v1(), repository.gun, pins, kWhen);
}
inline tuf::VerifiedChain proven(const NotaryRepository& repository) { return proven(repository, {repository.pin()}); }

inline std::optional<base::ErrorCode> refusal(const NotaryRepository& repository,
                                              const std::vector<tuf::RootPin>& pins) {
  return error_of([&] { proven(repository, pins); });
}
inline std::optional<base::ErrorCode> refusal(const NotaryRepository& repository) {
  return refusal(repository, {repository.pin()});
}

/// The four top roles of the standard repository, by role name.
inline std::map<std::string, TestRole> standard_roles(const NotaryRepository& repository) {
  return repository.top_roles();
}

}  // namespace gapstow::test
