#include "history_check.h"

namespace gapstow::transfer {

std::optional<base::Error> older_than_seen(const tuf::VerifiedChain& chain, trust::State* state) {
  if (state == nullptr) return std::nullopt;
  try {
    tuf::check_against_seen(chain, state->seen(chain.gun(), chain.root_identities()));
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::rollback) throw;
    return error;
  }
  return std::nullopt;
}

}  // namespace gapstow::transfer
