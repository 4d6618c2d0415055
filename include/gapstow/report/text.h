// Reports for people. Every text that came out of a file is made printable first.
#pragma once

#include <string>
#include <vector>

#include "gapstow/bundle/seal.h"
#include "gapstow/report/style.h"
#include "gapstow/transfer/fetch_chains.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/transfer/pack.h"
#include "gapstow/trust/state.h"
#include "gapstow/trust/store.h"
#include "gapstow/tuf/inspect.h"

namespace gapstow::report {

/// Of `verify` and `import`: who sealed it and when, which chain proves which image by which role and key, what
/// expires when, the verdict. `name`: what was read.
std::string outcome_text(const transfer::Outcome& outcome, const std::string& name, const Style& style);
/// Of `copy` to `destination`: the same, and no seal where nobody sealed.
std::string copy_text(const transfer::Outcome& outcome, const std::string& destination, const Style& style);
/// Of `pack`, and of `chain fetch` of one repository.
std::string pack_text(const transfer::PackOutcome& outcome, const Style& style);
/// Of `inspect`; every section says that nothing is proven.
std::string inspect_text(const bundle::Seal& seal, const std::string& name, const Style& style);
/// Of `history`.
std::string history_text(const std::vector<trust::HistoryRecord>& records, const Style& style);
/// Of `trust list`.
std::string store_text(const trust::TrustStore& store, const std::string& folder, const Style& style);
/// Of `chain verify`.
std::string chain_text(const transfer::ChainOutcome& chain, const std::vector<tuf::ProvenTarget>& targets,
                       const transfer::Outcome& outcome, const Style& style);
/// Of `chain fetch` into a folder.
std::string fetched_text(const std::vector<transfer::FetchedChain>& chains, const Style& style);
/// Of `chain show`; proves nothing and says so.
std::string claimed_chain_text(const tuf::ClaimedChain& chain, const std::string& source, const Style& style);

}  // namespace gapstow::report
