#include "gapstow/cluster/emit.h"

#include <algorithm>
#include <array>

#include "emit_parts.h"
#include "emit_yaml.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::cluster {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::array kKinds{
    EmitKind{"hosts.toml", "containerd: a mirror for each registry of the images, with nothing behind it", true,
             emit_hosts},
    EmitKind{"registries.conf", "podman, CRI-O, skopeo: the same", true, emit_registries},
    EmitKind{"policy.json", "podman, CRI-O, skopeo: which images they accept", true, emit_policy},
    EmitKind{"image-policy", "API server: its plugin ImagePolicyWebhook asks gapstow", false, emit_image_policy},
    EmitKind{"webhooks", "Kubernetes: pods are pinned and judged by gapstow", false, emit_webhooks},
    EmitKind{"vap", "Kubernetes: a ValidatingAdmissionPolicy with the digests, no server needed", true, emit_vap},
    EmitKind{"static-manifests", "API server: webhooks and policy that nobody can delete (1.36 and later)", true,
             emit_static},
};

/// A host as it stands in references, "[::1]:5000" too.
bool is_host(const std::string& host) {
  try {
    return oci::parse_reference(host + "/a", false).host == host;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::vector<ProvenImage> proven_images(const enforce::Snapshot& decisions, base::Time now) {
  if (now < decisions.clock_floor()) {
    throw Error(ErrorCode::clock_behind,
                base::format_time(now) + " is before " + base::format_time(decisions.clock_floor()) +
                    ", when something of this was sealed already",
                "set the clock of this machine");
  }
  std::vector<ProvenImage> images;
  for (std::size_t i = 0; i < decisions.images(); ++i) {
    const auto known = decisions.at(i);
    if (known.refused || (known.good_until && now >= *known.good_until)) continue;
    ProvenImage image;
    image.origin = oci::parse_reference(known.origin, false);
    image.names = decisions.relocations().local_names(image.origin);
    image.manifests = {known.digest};
    for (const auto& child : decisions.children(i)) {
      if (child != known.digest) image.manifests.push_back(child);
    }
    images.push_back(std::move(image));
  }
  return images;
}

std::span<const EmitKind> emit_kinds() { return kKinds; }

const EmitKind& emit_kind(std::string_view name) {
  for (const auto& kind : kKinds) {
    if (kind.name == name) return kind;
  }
  std::vector<std::string> names;
  for (const auto& kind : kKinds) names.emplace_back(kind.name);
  throw Error(ErrorCode::usage, "'" + std::string(name) + "' is nothing that could be emitted",
              "one of " + base::join(names, ", "));
}

ServerAddress server_of(const EmitSite& site, bool must_be_secure) {
  constexpr std::string_view kSecure = "https://";
  constexpr std::string_view kPlain = "http://";
  if (site.server.empty()) throw Error(ErrorCode::usage, "--server is missing: where gapstow serve is reached");
  ServerAddress address;
  std::string_view rest = site.server;
  address.secure = !rest.starts_with(kPlain);
  if (rest.find("://") != std::string_view::npos) {
    if (address.secure && !rest.starts_with(kSecure)) {
      throw Error(ErrorCode::usage, "'" + site.server + "' is no https address");
    }
    rest.remove_prefix(address.secure ? kSecure.size() : kPlain.size());
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  address.host = rest;
  if (!is_host(address.host)) {
    throw Error(ErrorCode::usage, "'" + site.server + "' is no address of a server", "write https://HOST[:PORT]");
  }
  if (must_be_secure && !address.secure) {
    throw Error(ErrorCode::usage, "API servers ask webhooks over https only, not at " + site.server);
  }
  address.url = std::string(address.secure ? kSecure : kPlain) + address.host;
  return address;
}

const std::string& authority_of(const EmitSite& site) {
  if (site.ca.empty()) {
    throw Error(ErrorCode::usage, "--ca-file is missing: the authority behind the certificate of gapstow serve");
  }
  return site.ca;
}

std::set<std::string> hosts_of(const std::vector<ProvenImage>& images) {
  std::set<std::string> hosts;
  for (const auto& image : images) {
    for (const auto& name : image.names) hosts.insert(name.host);
  }
  return hosts;
}

std::string head_comment(std::string_view about, const std::vector<ProvenImage>& images) {
  constexpr std::size_t kShown = 20;
  std::string text(about);
  if (!images.empty()) text += "\n\nMade by gapstow emit for " + base::counted(images.size(), "proven image") + ":";
  for (std::size_t i = 0; i < std::min(images.size(), kShown); ++i) text += "\n  " + images[i].origin.text();
  if (images.size() > kShown) text += "\n  and " + std::to_string(images.size() - kShown) + " more";
  return comment_lines(text);
}

std::string in_folder(const EmitSite& site, std::string_view name) { return site.folder + "/" + std::string(name); }

std::string cert_file_of(const EmitSite& site) {
  return site.cert_file.empty() ? in_folder(site, "client.crt") : site.cert_file;
}

std::string key_file_of(const EmitSite& site) {
  return site.key_file.empty() ? in_folder(site, "client.key") : site.key_file;
}

}  // namespace gapstow::cluster
