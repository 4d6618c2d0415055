#include <algorithm>

#include "destination.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "gapstow/transfer/copy.h"
#include "network_options.h"
#include "options.h"
#include "pack_request.h"
#include "refusal.h"
#include "table.h"

namespace gapstow::cli {
namespace {

int run_copy(const Arguments& arguments, Terminal& terminal) {
  const std::size_t images = arguments.has("list") ? 0 : 1;
  arguments.expect_operands(images + 1, SIZE_MAX, "IMAGE..., then DEST");
  RequestMaker maker(arguments, "src", terminal);
  maker.take_images(arguments.operands().size() - 1);
  const auto destination = open_destination(
      {arguments.operands().back(), "dest", registry::kDefaultRestarts, maker.request().images}, arguments, terminal);
  maker.take_chain_sources();
  maker.take_policy();
  maker.take_store(load_trust_store(arguments, terminal.fs));
  if (arguments.has("signer")) maker.take_signers();
  const auto outcome =
      transfer::copy(maker.request(), *destination.images, destination.options, rollback_reason(arguments),
                     state_path(arguments), terminal.remote_surroundings(arguments));
  const std::string name = arguments.operands().back();
  terminal.print(arguments, report::copy_text(outcome, name, terminal.style(arguments)),
                 report::outcome_json(outcome, "copy", name));
  return report_refusal(outcome.refusal(), "copy", name, terminal);
}

/// Options that packing and importing both have stand once.
std::vector<Option> copy_options() {
  std::vector<Option> options{
      kSignerOption, kTrustStoreOption,
      kStateOption,  {"expiry", 0, "RULE", "now (default), sealed or ignore: by which clock expiry is judged"},
      kAtOption,     kRollbackOption,
      kJobsOption};
  options = joined(std::move(options), image_options());
  for (const Option& option : import_options()) {
    if (std::ranges::find(options, option.name, &Option::name) == options.end()) options.push_back(option);
  }
  return joined(joined(std::move(options), network_options()), side_options());
}

}  // namespace

Command copy_command() {
  return {"copy", "IMAGE... DEST", "prove images and import them elsewhere in one pass, without a bundle",
          copy_options(), run_copy};
}

}  // namespace gapstow::cli
