// registries.conf, policy.json and registries.d of podman, CRI-O and skopeo. Source: containers-registries.conf(5),
// containers-policy.json(5), containers-registries.d(5).
#include <map>

#include "emit_parts.h"
#include "emit_yaml.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/json/write.h"

namespace gapstow::cluster {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kAboutRegistries =
    "podman, CRI-O, skopeo: where images come from. Put this file into /etc/containers/registries.conf.d/.\n"
    "\n"
    "Each location takes the place of the registry; it is no mirror, so nothing falls back to the internet when\n"
    "gapstow does not have an image. Names stay as they are. A host with a port cannot be a part of a path, so it is\n"
    "led away repository by repository and blocked for all others. Registries that are not named here are not "
    "touched:\n"
    "policy.json (gapstow emit policy.json) is what refuses their images.";

constexpr std::string_view kAboutAttachments =
    "podman, CRI-O, skopeo: the signatures that policy.json asks for are served beside the images.\n"
    "Put this file into /etc/containers/registries.d/.";

bool has_port(const std::string& host) { return host.find(':') != std::string::npos; }

/// A host with a port cannot be a part of a path; its images are found by their path alone, which must then be enough.
void check_paths(const std::vector<ProvenImage>& images) {
  std::map<std::string, std::string> owners;
  for (const auto& image : images) {
    const auto [owner, fresh] = owners.emplace(image.origin.path, image.origin.repository());
    if (fresh || owner->second == image.origin.repository()) continue;
    throw Error(ErrorCode::conflict,
                owner->second + " and " + image.origin.repository() + " cannot be told apart by their paths");
  }
}

/// Where what begins with a prefix really is: whole hosts where that can be said, else repository by repository.
std::map<std::string, std::string> locations_of(const std::string& server, const std::vector<ProvenImage>& images) {
  std::map<std::string, std::string> locations;
  for (const auto& image : images) {
    for (const auto& name : image.names) {
      if (name.host == server) continue;
      if (!has_port(name.host)) {
        locations[name.host] = server + "/" + name.host;
      } else {
        if (has_port(image.origin.host)) check_paths(images);
        locations[name.repository()] =
            server + "/" + (has_port(image.origin.host) ? image.origin.path : image.origin.repository());
      }
    }
  }
  return locations;
}

/// Hosts of which single repositories are led away: what else is asked for there must not be pulled from them.
std::set<std::string> blocked_hosts(const std::string& server, const std::vector<ProvenImage>& images) {
  std::set<std::string> hosts;
  for (const auto& host : hosts_of(images)) {
    if (has_port(host) && host != server) hosts.insert(host);
  }
  return hosts;
}

json::Value requirement(json::Object object) { return json::Array{json::Value(std::move(object))}; }

json::Value signed_by_border(const std::string& key, const std::string& local, const std::string& origin) {
  json::Object identity{{"type", "matchRepoDigestOrExact"}};
  if (local != origin) identity = {{"type", "remapIdentity"}, {"prefix", local}, {"signedPrefix", origin}};
  return requirement({{"type", "sigstoreSigned"},
                      {"keyData", base::base64(base::as_bytes(key))},
                      {"signedIdentity", std::move(identity)}});
}

/// A repository is accepted when the border has signed for it.
json::Object signed_scopes(const EmitSite& site, const std::vector<ProvenImage>& images) {
  json::Object scopes;
  for (const auto& image : images) {
    for (const auto& name : image.names) {
      scopes.set(name.repository(), signed_by_border(site.border_key, name.repository(), image.origin.repository()));
    }
  }
  return scopes;
}

/// References by digest are accepted one by one: their content is checked against the digest whoever delivers it.
json::Object digest_scopes(const EmitSite& site, const std::vector<ProvenImage>& images) {
  json::Object scopes;
  const json::Value accept = requirement({{"type", "insecureAcceptAnything"}});
  for (const auto& image : images) {
    for (const auto& name : image.names) {
      for (const auto& manifest : image.manifests) scopes.set(name.repository() + "@" + manifest.text(), accept);
      if (site.tags == enforce::TagPolicy::accept && !name.tag.empty())
        scopes.set(name.repository() + ":" + name.tag, accept);
    }
  }
  return scopes;
}

std::string attachments_yaml(const EmitSite& site, const std::vector<ProvenImage>& images) {
  auto hosts = hosts_of(images);
  // Signatures are looked for where the image really is, so the server needs the setting as well as the names.
  if (!site.server.empty()) hosts.insert(server_of(site, false).host);
  json::Object docker;
  for (const auto& host : hosts) docker.set(host, json::Object{{"use-sigstore-attachments", true}});
  return head_comment(kAboutAttachments, images) + write_yaml(json::Object{{"docker", std::move(docker)}});
}

}  // namespace

std::vector<EmittedFile> emit_registries(const EmitSite& site, const std::vector<ProvenImage>& images) {
  const ServerAddress server = server_of(site, false);
  std::string text = head_comment(kAboutRegistries, images);
  for (const auto& [prefix, location] : locations_of(server.host, images)) {
    text += "\n[[registry]]\nprefix = " + toml_string(prefix) + "\nlocation = " + toml_string(location) + "\n";
    if (!server.secure) text += "insecure = true\n";
  }
  for (const auto& host : blocked_hosts(server.host, images)) {
    const std::string name = toml_string(host);
    text += "\n[[registry]]\nprefix = " + name + "\nlocation = " + name + "\nblocked = true\n";
  }
  std::vector<EmittedFile> files{{"gapstow.conf", std::move(text)}};
  if (!site.ca.empty()) files.push_back({"certs.d/" + server.host + "/ca.crt", site.ca});
  return files;
}

std::vector<EmittedFile> emit_policy(const EmitSite& site, const std::vector<ProvenImage>& images) {
  const bool by_border = !site.border_key.empty();
  json::Object policy{{"default", requirement({{"type", "reject"}})}};
  policy.set("transports",
             json::Object{{"docker", by_border ? signed_scopes(site, images) : digest_scopes(site, images)}});
  std::vector<EmittedFile> files{{"policy.json", json::pretty(policy)}};
  if (by_border) files.push_back({"registries.d/gapstow.yaml", attachments_yaml(site, images)});
  return files;
}

}  // namespace gapstow::cluster
