// Reports for programs: the same content as the text, by the schemas in formats/.
#pragma once

#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/bundle/seal.h"
#include "gapstow/json/value.h"
#include "gapstow/transfer/fetch_chains.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/trust/state.h"
#include "gapstow/trust/store.h"
#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/inspect.h"

namespace gapstow::report {

/// formats/outcome.schema.json: of `pack`, `verify`, `import`, `copy` and `chain fetch` of one repository. `command` is
/// the command's name, `name` what was read or written.
json::Value outcome_json(const transfer::Outcome& outcome, const std::string& command, const std::string& name);
/// formats/failure.schema.json: what any command prints when it fails.
json::Value failure_json(const base::Error& error, const std::string& command);
/// formats/inspect.schema.json.
json::Value inspect_json(const bundle::Seal& seal, const std::string& name);
/// formats/history.schema.json.
json::Value history_json(const std::vector<trust::HistoryRecord>& records);
/// formats/trust-list.schema.json.
json::Value store_json(const trust::TrustStore& store, const std::string& folder);
/// formats/chain-verify.schema.json.
json::Value chain_json(const transfer::ChainOutcome& chain, const std::vector<tuf::ProvenTarget>& targets,
                       const transfer::Outcome& outcome);
/// formats/chain-fetch.schema.json: of `chain fetch` into a folder.
json::Value fetched_json(const std::vector<transfer::FetchedChain>& chains);

/// formats/chain-show.schema.json.
json::Value claimed_chain_json(const tuf::ClaimedChain& chain, const std::string& source);

}  // namespace gapstow::report
