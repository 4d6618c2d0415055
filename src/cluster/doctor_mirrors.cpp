// Mirrors of containerd: whether the names of origins lead to what is served here, and nowhere else.
#include <algorithm>

#include "containerd_setup.h"
#include "doctor_tools.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "toml_file.h"

namespace gapstow::cluster {
namespace {

using base::Error;

constexpr std::string_view kEmit = "gapstow emit hosts.toml";

/// "https://registry.far:5443/v2" -> "registry.far:5443".
std::string host_of_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

bool is_origin(const std::string& host, const std::string& origin) {
  if (host == origin) return true;
  return origin == "docker.io" && (host == "registry-1.docker.io" || host == "index.docker.io");
}

bool is_this_machine(const std::string& host) {
  return host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
}

bool has_capability(const json::Value& mirror, std::string_view wanted) {
  const auto* list = find_value(mirror, {"capabilities"});
  const auto* array = list == nullptr ? nullptr : list->get_if<json::Array>();
  if (array == nullptr) return true;  // all of them by default
  return std::ranges::find(*array, json::Value(wanted)) != array->end();
}

void look_at_hosts(Notes& notes, const std::string& path, const std::string& host, const json::Object& file) {
  const auto* server = file.find("server");
  const auto* url = server == nullptr ? nullptr : server->get_if<std::string>();
  if (url == nullptr || is_origin(host_of_url(*url), host)) {
    notes.open(path,
               (url == nullptr ? std::string("names no server") : "names the origin as its server") +
                   ", so that what the mirror does not have is pulled from " + host,
               "set server = to the mirror's own address: " + std::string(kEmit));
  }
  const auto* mirrors = file.find("host");
  const auto* table = mirrors == nullptr ? nullptr : mirrors->get_if<json::Object>();
  if (table == nullptr && url == nullptr) return;
  const json::Object none;
  for (const auto& [address, mirror] : (table == nullptr ? none : *table).members()) {
    if (address.starts_with("http://") && !is_this_machine(host_of_url(address))) {
      notes.warning(path, address + " is asked without TLS, so that whoever is in between says what a tag is",
                    "give gapstow serve a certificate, and write https://");
    }
    const auto* skip = find_value(mirror, {"skip_verify"});
    if (skip != nullptr && *skip == json::Value(true)) {
      notes.warning(path, "takes any certificate of " + address, "name its authority: ca = \"…\"");
    }
    if (has_capability(mirror, "pull") && !has_capability(mirror, "resolve")) {
      notes.open(path, address + " may not resolve tags, so that others say what a tag is",
                 "set capabilities = [\"pull\", \"resolve\"]");
    }
  }
}

void look_at_host(Notes& notes, const Site& site, const std::vector<std::string>& folders, const std::string& host) {
  for (const auto& folder : folders) {
    for (const std::string& name : {host, std::string("_default")}) {
      const std::string path = site.path(folder) + "/" + name + "/hosts.toml";
      if (!site.fs.status(path)) continue;
      try {
        look_at_hosts(notes, path, host, read_toml(site.fs, path));
      } catch (const Error& error) {
        notes.warning(path, "cannot be read: " + error.line(), std::string(kEmit));
      }
      return;
    }
  }
  notes.open(site.path(folders.front()) + "/" + host, "there is no mirror, so that images are pulled from " + host,
             std::string(kEmit));
}

/// config_path may name several folders.
std::vector<std::string> config_folders(const ContainerdSetup& setup) {
  const auto* value = find_cri(setup, {"registry", "config_path"}, {"registry", "config_path"});
  const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
  if (text == nullptr) {
    // Since 2.0 there is a default.
    const bool has_default = parse_version(setup.version) >= Version{2, 0};
    return has_default ? std::vector<std::string>{"/etc/containerd/certs.d"} : std::vector<std::string>{};
  }
  std::vector<std::string> folders;
  for (const auto part : base::split(*text, ':')) {
    if (!part.empty()) folders.emplace_back(part);
  }
  return folders;
}

}  // namespace

Findings examine_mirrors(const Site& site, const ContainerdSetup& setup, const std::set<std::string>& hosts) {
  Notes notes("mirrors");
  const auto folders = config_folders(setup);
  if (hosts.empty()) {
    notes.notice(setup.source, "no origin is known here, so that mirrors were not looked at",
                 "name a bundle, a decision file or a trust store with roots");
  } else if (folders.empty()) {
    notes.open(
        setup.source, "has no config_path, so that images are pulled from the hosts in their names",
        "set registry.config_path = \"/etc/containerd/certs.d\" and put there what " + std::string(kEmit) + " gives");
  } else {
    for (const auto& host : hosts) look_at_host(notes, site, folders, host);
  }
  if (notes.empty()) {
    notes.fine(site.path(folders.front()),
               hosts.size() == 1 ? *hosts.begin() + " is mirrored" : counted(hosts.size(), "host") + " are mirrored");
  }
  return notes.take();
}

}  // namespace gapstow::cluster
