#include "gapstow/transfer/pack.h"
#include "network_options.h"
#include "options.h"
#include "pack_request.h"
#include "table.h"

namespace gapstow::cli {
namespace {

int run_pack(const Arguments& arguments, Terminal& terminal) {
  const std::string output = arguments.required("output");
  RequestMaker maker(arguments, "", terminal);
  maker.take_images(arguments.operands().size());
  maker.take_chain_sources();
  maker.take_policy();
  if (auto store = load_optional_store(arguments, terminal.fs)) maker.take_store(std::move(*store));
  maker.take_signers();

  const auto around = maker.is_remote() ? terminal.remote_surroundings(arguments) : terminal.surroundings(arguments);
  return pack_and_report(maker, output, "pack", around, arguments, terminal);
}

}  // namespace

Command pack_command() {
  std::vector<Option> options{
      {"output", 'o', "BUNDLE", "file to write, or - for standard output"},
      kSignerOption,
      kTrustStoreOption,
      {"tofu", 0, "", "trust a root on first use where nothing is pinned; recorded in the seal"},
      {"expiry", 0, "RULE", "now (default), sealed or ignore: by which clock expiry is judged"},
      kAtOption,
      kJobsOption};
  options = joined(joined(std::move(options), image_options()), network_options());
  return {"pack", "IMAGE... -o BUNDLE|-", "package images and their chains into one sealed bundle", std::move(options),
          run_pack};
}

}  // namespace gapstow::cli
