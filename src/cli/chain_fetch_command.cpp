#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "gapstow/transfer/fetch_chains.h"
#include "network_options.h"
#include "options.h"
#include "pack_request.h"
#include "refusal.h"
#include "table.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

using Sources = std::vector<std::shared_ptr<transfer::ChainSource>>;

/// What a source calls its only chain stands in for a name that nobody gives.
std::vector<std::string> wanted_repositories(const Arguments& arguments, const Sources& sources, Terminal& terminal) {
  std::vector<std::string> guns = arguments.values("gun");
  for (const auto& path : arguments.values("list")) {
    const auto lines = read_list(path, terminal);
    guns.insert(guns.end(), lines.begin(), lines.end());
  }
  if (guns.empty() && sources.size() == 1 && !sources.front()->own_name().empty()) {
    guns.push_back(sources.front()->own_name());
  }
  if (guns.empty()) {
    throw Error(ErrorCode::usage, "no repository is named", "give --gun GUN, or a list with --list FILE");
  }
  return guns;
}

/// The heaviest failure decides.
std::optional<trust::Decision::Refusal> heaviest(const std::vector<transfer::FetchedChain>& results) {
  std::optional<trust::Decision::Refusal> worst;
  for (const auto& result : results) {
    if (!result.failure) continue;
    if (worst && !trust::outweighs(result.failure->code(), worst->code)) continue;
    worst = trust::Decision::Refusal{result.failure->code(), result.failure->line()};
  }
  return worst;
}

int run_fetch(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, SIZE_MAX, "SOURCE...");
  RequestMaker maker(arguments, "", terminal);
  for (const auto& spec : arguments.operands()) {
    maker.add_chain_source(spec);
  }
  maker.take_policy();
  if (auto store = load_optional_store(arguments, terminal.fs)) maker.take_store(std::move(*store));
  auto guns = wanted_repositories(arguments, maker.request().chains, terminal);
  maker.request().target_files = arguments.has("targets");
  maker.request().gun.clear();
  if (arguments.has("output") == arguments.has("into")) {
    throw Error(ErrorCode::usage, "say where the chains go: one bundle with -o BUNDLE, or one each with --into DIR");
  }
  maker.take_signers();
  if (arguments.has("output")) {
    maker.request().guns = std::move(guns);
    return pack_and_report(maker, arguments.required("output"), "chain fetch", terminal.remote_surroundings(arguments),
                           arguments, terminal);
  }
  const std::string folder = arguments.required("into");
  const auto results = transfer::fetch_chains({maker.request(), std::move(guns), folder, arguments.has("refresh")},
                                              terminal.remote_surroundings(arguments));
  terminal.print(arguments, report::fetched_text(results, terminal.style(arguments)), report::fetched_json(results));
  return report_refusal(heaviest(results), "chain fetch", folder, terminal);
}

}  // namespace

Command chain_fetch_command() {
  std::vector<Option> options{
      {"gun", 0, "GUN", "repository whose chain is captured: registry.example/team/app; may be repeated", true},
      {"list", 0, "FILE", "more repositories, one a line; # begins a comment; - is standard input", true},
      {"targets", 0, "", "carry the target files of TUF repositories as well"},
      {"output", 'o', "BUNDLE", "one bundle for all, or - for standard output"},
      {"into", 0, "DIR", "one bundle for each repository in this folder; what is there is not fetched again"},
      {"refresh", 0, "", "with --into: fetch again what is there"},
      kSignerOption,
      kTrustStoreOption,
      {"tofu", 0, "", "trust a root on first use where nothing is pinned; recorded in the seal"},
      {"expiry", 0, "RULE", "now (default) or ignore: by which clock expiry is judged"},
      kAtOption,
      {"keep-going", 0, "", "with -o: go on without repositories that fail; the exit status still tells"},
      kJobsOption};
  return {"chain fetch", "SOURCE... --gun GUN -o BUNDLE|-",
          "capture chains without images, before their server goes away", joined(std::move(options), network_options()),
          run_fetch};
}

}  // namespace gapstow::cli
