#include "pack_request.h"

#include <algorithm>
#include <charconv>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/oci/reference.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "network_options.h"
#include "options.h"
#include "refusal.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint64_t kMaxListBytes = 64ULL << 20;

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

/// --name, once for each operand or not at all.
std::vector<std::string> image_names(const Arguments& arguments, std::size_t count) {
  auto names = arguments.values("name");
  if (names.size() > count) throw Error(ErrorCode::usage, "--name is given more often than images are");
  if (!names.empty() && names.size() < count) {
    throw Error(ErrorCode::usage, "--name must be given once for each image, in their order, or not at all");
  }
  names.resize(count);
  return names;
}

/// --target IMAGE=NAME, by reference.
std::map<std::string, std::string> target_names(const Arguments& arguments) {
  constexpr std::string_view kTransport = "docker://";
  std::map<std::string, std::string> names;
  for (const auto& text : arguments.values("target")) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      throw Error(ErrorCode::usage, "--target wants IMAGE=NAME, not '" + base::printable(text) + "'",
                  "write --target registry.example/team/app:1.0=app-1.0.json");
    }
    std::string image = text.substr(0, equals);
    if (image.starts_with(kTransport)) image.erase(0, kTransport.size());
    const std::string reference = oci::parse_reference(image).text();
    if (!names.emplace(reference, text.substr(equals + 1)).second) {
      throw Error(ErrorCode::usage, "--target speaks of " + reference + " twice");
    }
  }
  return names;
}

}  // namespace

RequestMaker::RequestMaker(const Arguments& arguments, const std::string& side, Terminal& terminal)
    : arguments_(arguments), terminal_(terminal), network_(open_network(arguments, side, terminal)) {
  request_.network = network_.get();
  request_.tool = tool_name();
}

void RequestMaker::take_images(std::size_t count) {
  const bool all_tags = arguments_.has("all-tags");
  const auto names = image_names(arguments_, count);
  for (std::size_t i = 0; i < count; ++i) {
    request_.images.push_back({oci::parse_location(arguments_.operands()[i]), names[i], all_tags});
  }
  for (const auto& path : arguments_.values("list")) {
    for (const auto& line : read_list(path, terminal_)) {
      request_.images.push_back({oci::parse_location(line), "", all_tags});
    }
  }
  if (request_.images.empty()) throw Error(ErrorCode::usage, "no image is named", "give images, or a list with --list");
  for (const auto& path : arguments_.values("manifest")) {
    request_.manifests.push_back(base::read_file(terminal_.fs, path, oci::kMaxManifestBytes));
  }
  request_.platforms = platforms(arguments_);
  request_.target_names = target_names(arguments_);
  request_.without_attachments = arguments_.has("without-attachments");
}

void RequestMaker::take_policy() {
  request_.keep_going = arguments_.has("keep-going");
  request_.first_use = arguments_.has("tofu");
  request_.gun = arguments_.value_or("gun", "");
  request_.policy = run_policy(arguments_);
  request_.at = arguments_.time("at");
  request_.sealed_at = seal_time(terminal_.clock);
}

void RequestMaker::take_store(trust::TrustStore store) {
  store_ = std::move(store);
  request_.store = &*store_;
}

void RequestMaker::take_chain_sources() {
  for (const auto& spec : arguments_.values("trust")) {
    if (spec == "none") {
      request_.without_chain = true;
    } else if (spec == "attached") {
      request_.attached_chains = true;
    } else {
      add_chain_source(spec);
    }
  }
  if (request_.without_chain && (!request_.chains.empty() || request_.attached_chains)) {
    throw Error(ErrorCode::usage, "--trust none goes with no other --trust");
  }
}

void RequestMaker::add_chain_source(const std::string& spec) {
  if (spec.starts_with("tuf:http://") && arguments_.has("tofu") && !network_->settings().plain_http) {
    throw Error(ErrorCode::usage, "--tofu would trust what anybody on the way can write",
                "use https, or allow it with --plain-http");
  }
  request_.chains.push_back(transfer::open_chain_source(terminal_.fs, spec, network_.get()));
}

void RequestMaker::take_signers() {
  signers_ = open_signers(arguments_, terminal_);
  for (const auto& signer : signers_) request_.signers.push_back(signer.get());
}

bool RequestMaker::is_remote() const {
  return std::ranges::any_of(request_.images, [](const transfer::ImageRequest& image) {
    return image.location.transport == oci::ImageLocation::Transport::docker;
  });
}

int pack_and_report(const RequestMaker& maker, const std::string& output, const std::string& command,
                    const transfer::Surroundings& around, const Arguments& arguments, Terminal& terminal) {
  const bool to_output = output == "-";
  const auto packed = to_output ? transfer::pack(maker.request(), terminal.output, around)
                                : transfer::pack(maker.request(), output, around);
  const std::string text = report::pack_text(packed, terminal.style(arguments));
  const json::Value value = report::outcome_json(packed.bundle, command, output);
  to_output ? terminal.print_aside(arguments, text, value) : terminal.print(arguments, text, value);
  return report_refusal(packed.bundle.refusal(), command, output, terminal);
}

std::vector<std::string> read_list(const std::string& path, Terminal& terminal) {
  const base::Bytes bytes =
      path == "-" ? base::read_all(terminal.input, kMaxListBytes) : base::read_file(terminal.fs, path, kMaxListBytes);
  std::vector<std::string> lines;
  for (std::string_view line : base::split(base::as_text(bytes), '\n')) {
    const std::size_t comment = line.find('#');
    line = line.substr(0, comment);
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) continue;
    lines.emplace_back(line.substr(first, line.find_last_not_of(" \t\r") - first + 1));
  }
  return lines;
}

const std::vector<Option>& image_options() {
  static const std::vector<Option> list{
      {"name", 0, "REF", "origin reference, once for each image: registry.example/team/app:1.0", true},
      {"list", 0, "FILE", "more images, one a line; # begins a comment; - is standard input", true},
      {"all-tags", 0, "", "every signed tag of the repositories named"},
      {"trust", 0, "SOURCE", "chains: notary:URL, attached, docker:DIR, dir:DIR, tuf:URL, tuf:DIR, bundle:FILE or none",
       true},
      {"target", 0, "IMAGE=NAME", "the TUF target that proves an image, when it is not named as the image is", true},
      {"gun", 0, "GUN", "repository the image was signed under, when it is not the one in its name"},
      {"manifest", 0, "FILE", "signed manifest for a classic docker archive; may be repeated", true},
      {"platform", 0, "OS/ARCH", "take only these platforms of an index; may be repeated", true},
      {"without-attachments", 0, "", "leave signatures, attestations and SBOMs of other kinds behind"},
      {"keep-going", 0, "", "go on without what fails; the exit status still tells"}};
  return list;
}

}  // namespace gapstow::cli
