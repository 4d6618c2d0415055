#include "destination.h"

#include <algorithm>
#include <array>
#include <set>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/cluster/destinations.h"
#include "gapstow/oci/reference.h"
#include "gapstow/registry/images.h"
#include "network_options.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

/// docker://HOST[/PREFIX] or docker://HOST/REPO:TAG.
struct RegistryPlace {
  std::string host;
  std::string prefix;
  std::string exact;  ///< a whole reference; empty unless there is a tag
};

RegistryPlace parse_place(const std::string& text) {
  if (text.find('/') == std::string::npos) {
    // A reference would read it as an image of docker.io.
    const auto reference = oci::parse_reference(text + "/x", false);
    if (reference.host == text) return {text, {}, {}};
    throw Error(ErrorCode::usage, "'" + text + "' is no host of a registry",
                "write docker://HOST/PREFIX or docker://HOST:PORT");
  }
  const auto reference = oci::parse_reference(text, false);
  if (reference.digest) throw Error(ErrorCode::usage, "a destination has no digest: the signed one decides");
  if (reference.tag.empty()) return {reference.host, reference.path, {}};
  return {reference.host, {}, reference.text()};
}

std::vector<transfer::RenameRule> rename_rules(const Arguments& arguments) {
  std::vector<transfer::RenameRule> rules;
  for (const auto& text : arguments.values("rename")) rules.push_back(transfer::parse_rename(text));
  return rules;
}

std::vector<std::string> lenders(const std::vector<transfer::ImageRequest>& images, const std::string& host) {
  std::set<std::string> paths;
  for (const auto& image : images) {
    if (image.location.transport != oci::ImageLocation::Transport::docker) continue;
    const auto reference = oci::parse_reference(image.location.path, false);
    if (reference.host == host) paths.insert(reference.path);
  }
  return {paths.begin(), paths.end()};
}

std::string joined_path(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + "/" + b;
}

transfer::Renaming renaming(const RegistryPlace& place, const Arguments& arguments) {
  const auto rules = rename_rules(arguments);
  const std::string prefix = arguments.value_or("prefix", "");
  if (place.exact.empty()) return {place.host, joined_path(place.prefix, prefix), rules};
  if (!rules.empty() || !prefix.empty()) {
    throw Error(ErrorCode::usage,
                "a destination with a tag is the whole name; --rename and --prefix do not go with it");
  }
  return transfer::Renaming::exactly(place.exact);
}

std::unique_ptr<oci::ImageDestination> open_files(base::WriteFs& fs, const oci::ImageLocation& place) {
  using Transport = oci::ImageLocation::Transport;
  if (place.transport == Transport::oci) return oci::make_oci_folder(fs, place.path, place.reference);
  if (place.transport == Transport::oci_archive) return oci::make_oci_archive(fs, place.path, place.reference);
  if (!place.reference.empty()) {
    throw Error(ErrorCode::usage,
                "a docker archive names images by their origin reference, not by '" + place.reference + "'");
  }
  return oci::make_docker_archive(fs, place.path);
}

/// containerd:… or k3s-dir:DIR; nothing for other texts.
std::unique_ptr<oci::ImageDestination> open_node(const std::string& text, Terminal& terminal) {
  if (text.starts_with(cluster::kContainerdTransport)) {
    auto place = cluster::ContainerdPlace::parse(text.substr(cluster::kContainerdTransport.size()));
    return cluster::make_containerd(std::move(place),
                                    {terminal.fs, terminal.cancel, "ctr", cluster::default_staging_folder()});
  }
  if (!text.starts_with(cluster::kK3sTransport)) return nullptr;
  const std::string folder = text.substr(cluster::kK3sTransport.size());
  if (folder.empty()) throw Error(ErrorCode::usage, "'" + text + "' names no folder", "write k3s-dir:DIR");
  return cluster::make_k3s_folder(terminal.fs, folder);
}

/// Of the forms that images are packed from too.
oci::ImageLocation parse_files(const std::string& text) {
  constexpr std::array kKnown{"oci:", "oci-archive:", "docker-archive:", "docker:"};
  if (std::ranges::any_of(kKnown, [&](const char* name) { return text.starts_with(name); })) {
    return oci::parse_location(text);
  }
  throw Error(ErrorCode::usage, "'" + base::printable(text) + "' is no destination",
              "write docker://HOST[/PREFIX], oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE, "
              "containerd:[SOCKET], k3s-dir:DIR or tuf:DIR");
}

}  // namespace

Destination open_destination(const DestinationRequest& request, const Arguments& arguments, Terminal& terminal) {
  Destination out;
  out.options.keep_going = arguments.has("keep-going");
  out.options.dry_run = arguments.has("dry-run");
  out.options.attach_chain = arguments.has("attach-chain");
  out.options.without_attachments = arguments.has("without-attachments");
  if (auto node = open_node(request.text, terminal)) {
    if (arguments.has("prefix")) throw Error(ErrorCode::usage, "--prefix is for registries: docker://HOST");
    out.options.names = transfer::Renaming({}, {}, rename_rules(arguments));
    out.images = std::move(node);
    return out;
  }
  const oci::ImageLocation location = parse_files(request.text);
  if (location.transport != oci::ImageLocation::Transport::docker) {
    if (arguments.has("prefix")) throw Error(ErrorCode::usage, "--prefix is for registries: docker://HOST");
    out.options.names = transfer::Renaming({}, {}, rename_rules(arguments));
    out.images = open_files(terminal.fs, location);
    return out;
  }
  const RegistryPlace place = parse_place(location.path);
  out.options.names = renaming(place, arguments);
  out.network = open_network(arguments, request.side, terminal);
  out.journal = std::make_unique<registry::UploadJournal>(terminal.fs, journal_folder(arguments));
  out.images = registry::make_destination(
      *out.network, place.host,
      {out.journal.get(), out.options.keep_going, request.restarts, lenders(request.images, place.host)});
  return out;
}

const std::vector<Option>& import_options() {
  static const std::vector<Option> list{
      {"rename", 0, "FROM=TO", "give images whose reference begins with FROM another name; may be repeated", true},
      {"prefix", 0, "PATH", "put names below this path at the registry"},
      {"keep-going", 0, "", "go on without images that are refused or fail; the exit status still tells"},
      {"dry-run", 0, "", "prove everything and show what would be uploaded, mounted and skipped; change nothing"},
      {"attach-chain", 0, "", "store the sealed chain with each image, as an OCI artifact that refers to it"},
      {"without-attachments", 0, "", "leave signatures, attestations and SBOMs of other kinds behind"}};
  return list;
}

}  // namespace gapstow::cli
