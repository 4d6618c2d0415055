#include "gapstow/base/error.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "gapstow/transfer/chain_source.h"
#include "gapstow/transfer/verify_chain.h"
#include "gapstow/tuf/inspect.h"
#include "network_options.h"
#include "options.h"
#include "table.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

/// The source that the command line names; alive as long as what comes from it.
struct OpenSource {
  std::unique_ptr<registry::Network> network;
  std::shared_ptr<transfer::ChainSource> source;
};

OpenSource open_source(const Arguments& arguments, Terminal& terminal) {
  OpenSource open{open_network(arguments, "", terminal), nullptr};
  open.source = transfer::open_chain_source(terminal.fs, arguments.operands().front(), open.network.get());
  return open;
}

/// --gun, or what the source calls its only chain.
std::string chosen_gun(const Arguments& arguments, const transfer::ChainSource& source) {
  return arguments.value_or("gun", source.own_name());
}

std::unique_ptr<trust::State> open_state(const Arguments& arguments) {
  const std::string path = state_path(arguments);
  return arguments.has("commit") ? trust::State::open_or_create(path) : trust::State::open_existing(path);
}

int run_verify(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "SOURCE");
  const auto open = open_source(arguments, terminal);
  const std::string gun = chosen_gun(arguments, *open.source);
  if (gun.empty()) throw Error(ErrorCode::usage, "--gun is missing", "say which repository the chain is for");
  const auto store = load_trust_store(arguments, terminal.fs);
  transfer::ChainRequest request{store,
                                 run_policy(arguments),
                                 arguments.time("at"),
                                 arguments.values("target"),
                                 arguments.value_or("allow-rollback", ""),
                                 arguments.has("commit")};
  const auto found = transfer::find_chain({open.source}, gun, store.pins_for(gun));
  const auto state = open_state(arguments);
  const auto proven = transfer::verify_chain(found, gun, request, state.get(), terminal.clock);
  const auto& chain = proven.outcome.chains.front();
  terminal.print(arguments, report::chain_text(chain, proven.targets, proven.outcome, terminal.style(arguments)),
                 report::chain_json(chain, proven.targets, proven.outcome));
  return 0;
}

int run_show(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "SOURCE");
  const auto open = open_source(arguments, terminal);
  const std::string gun = chosen_gun(arguments, *open.source);
  if (gun.empty() && !open.source->is_nameless()) {
    throw Error(ErrorCode::usage, open.source->description() + " holds many chains", "say which: --gun GUN");
  }
  const auto found = transfer::find_chain({open.source}, gun, {});
  const auto claimed = tuf::inspect_chain(found.files, *found.dialect);
  const std::string& source = arguments.operands().front();
  terminal.print(arguments, report::claimed_chain_text(claimed, source, terminal.style(arguments)),
                 report::claimed_chain_json(claimed, source));
  return 0;
}

}  // namespace

std::vector<Command> chain_commands() {
  return {
      {"chain verify", "SOURCE --gun GUN",
       "prove a chain from its pin and print digest, length and role of its targets",
       joined({{"gun", 0, "GUN", "repository the chain is for: registry.example/team/app"},
               {"target", 0, "NAME", "target (tag) to look up; may be repeated (default: all)", true},
               kTrustStoreOption,
               {"expiry", 0, "RULE", "now (default) or ignore: by which clock expiry is judged"},
               kAtOption,
               kStateOption,
               kRollbackOption,
               {"commit", 0, "", "remember the versions seen"}},
              network_options()),
       run_verify},
      {"chain show", "SOURCE", "show what the files of a chain claim; proves nothing and says so",
       joined({{"gun", 0, "GUN", "repository, where the source holds several"}}, network_options()), run_show},
  };
}

}  // namespace gapstow::cli
