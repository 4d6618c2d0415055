#include <algorithm>
#include <charconv>

#include "gapstow/base/error.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "gapstow/transfer/pack.h"
#include "options.h"
#include "table.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

/// SOURCE_DATE_EPOCH, or the real clock; --at has no say in it.
base::Time seal_time(const base::Clock& clock) {
  const auto epoch = environment("SOURCE_DATE_EPOCH");
  if (!epoch) return {clock.now().seconds, 0};
  constexpr std::int64_t kLatest = 253402300799;  // 9999-12-31T23:59:59Z
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(epoch->data(), epoch->data() + epoch->size(), seconds);
  if (error != std::errc{} || end != epoch->data() + epoch->size() || seconds < 0 || seconds > kLatest) {
    throw Error(ErrorCode::usage, "SOURCE_DATE_EPOCH is no number of seconds: " + *epoch);
  }
  return {seconds, 0};
}

std::vector<transfer::ImageRequest> image_requests(const Arguments& arguments) {
  const auto names = arguments.values("name");
  if (names.size() > arguments.operands().size()) {
    throw Error(ErrorCode::usage, "--name is given more often than images are");
  }
  if (!names.empty() && names.size() < arguments.operands().size()) {
    throw Error(ErrorCode::usage, "--name must be given once for each image, in their order, or not at all");
  }
  std::vector<transfer::ImageRequest> requests;
  for (std::size_t i = 0; i < arguments.operands().size(); ++i) {
    requests.push_back({oci::parse_location(arguments.operands()[i]), names.empty() ? "" : names[i]});
  }
  return requests;
}

/// "linux/amd64,linux/arm64" or repeated.
std::vector<oci::Platform> platforms(const Arguments& arguments) {
  std::vector<oci::Platform> out;
  for (const auto& value : arguments.values("platform")) {
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      out.push_back(oci::parse_platform(rest.substr(0, comma)));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return out;
}

void add_chain_sources(transfer::PackRequest& request, const Arguments& arguments, base::ReadFs& fs) {
  for (const auto& spec : arguments.values("trust")) {
    if (spec == "none") {
      request.without_chain = true;
    } else {
      request.chains.push_back(transfer::open_chain_source(fs, spec));
    }
  }
  if (request.without_chain && !request.chains.empty()) {
    throw Error(ErrorCode::usage, "--trust none goes with no other --trust");
  }
}

int run_pack(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, SIZE_MAX, "IMAGE...");
  const std::string output = arguments.required("output");
  transfer::PackRequest request;
  request.images = image_requests(arguments);
  for (const auto& path : arguments.values("manifest")) {
    request.manifests.push_back(base::read_file(terminal.fs, path, oci::kMaxManifestBytes));
  }
  request.platforms = platforms(arguments);
  add_chain_sources(request, arguments, terminal.fs);
  request.first_use = arguments.has("tofu");
  request.gun = arguments.value_or("gun", "");
  const auto store = load_optional_store(arguments, terminal.fs);
  request.store = store ? &*store : nullptr;
  request.policy = run_policy(arguments);
  request.at = arguments.time("at");
  request.sealed_at = seal_time(terminal.clock);
  request.tool = tool_name();
  const auto signers = open_signers(arguments, terminal);
  for (const auto& signer : signers) request.signers.push_back(signer.get());

  const auto around = terminal.surroundings(arguments);
  const bool to_output = output == "-";
  const auto packed =
      to_output ? transfer::pack(request, terminal.output, around) : transfer::pack(request, output, around);
  const std::string text = report::pack_text(packed, terminal.style(arguments));
  const json::Value value = report::outcome_json(packed.bundle, "pack", output);
  to_output ? terminal.print_aside(arguments, text, value) : terminal.print(arguments, text, value);
  return 0;
}

}  // namespace

Command pack_command() {
  return {"pack",
          "IMAGE... -o BUNDLE|-",
          "package images and their chains into one sealed bundle",
          {{"output", 'o', "BUNDLE", "file to write, or - for standard output"},
           kSignerOption,
           {"name", 0, "REF", "origin reference, once for each image: registry.example/team/app:1.0", true},
           {"trust", 0, "SOURCE", "where chains come from: docker:DIR, dir:DIR or none; may be repeated", true},
           kTrustStoreOption,
           {"tofu", 0, "", "trust a root on first use where nothing is pinned; recorded in the seal"},
           {"gun", 0, "GUN", "repository the image was signed under, when it is not the one in its name"},
           {"manifest", 0, "FILE", "signed manifest for a classic docker archive; may be repeated", true},
           {"platform", 0, "OS/ARCH", "take only these platforms of an index; may be repeated", true},
           {"expiry", 0, "RULE", "now (default), sealed or ignore: by which clock expiry is judged"},
           kAtOption,
           kJobsOption},
          run_pack};
}

}  // namespace gapstow::cli
