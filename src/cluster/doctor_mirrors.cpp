// Mirrors of containerd: whether the names of origins lead to what is served here, and nowhere else.
#include <algorithm>
#include <array>

#include "containerd_setup.h"
#include "doctor_tools.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "toml_file.h"

namespace gapstow::cluster {
namespace {

using base::Error;

constexpr std::string_view kEmit = "gapstow emit hosts.toml";
constexpr const char* kSo = "and so decides where images come from";

/// "https://registry.far:5443/v2" -> "registry.far:5443"; the port that goes without saying is left out.
std::string host_of_url(std::string_view url) {
  const auto scheme = url.find("://");
  const bool is_plain = url.starts_with("http://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  url.remove_prefix(url.find('@') + 1);
  const std::string_view port = is_plain ? ":80" : ":443";
  if (url.ends_with(port)) url.remove_suffix(port.size());
  std::string host(url);
  for (char& c : host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return host;
}

bool is_origin(const std::string& host, const std::string& origin) {
  constexpr std::array kHub{"registry-1.docker.io", "index.docker.io", "registry.hub.docker.com"};
  if (host == host_of_url(origin)) return true;
  return origin == "docker.io" && std::ranges::find(kHub, host) != kHub.end();
}

bool is_this_machine(const std::string& host) {
  const std::string name = host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  const bool is_number = name.find_first_not_of("0123456789.") == std::string::npos;
  return name == "localhost" || name == "[::1]" || (is_number && name.starts_with("127."));
}

bool has_capability(const json::Value& mirror, std::string_view wanted) {
  const auto* list = find_value(mirror, {"capabilities"});
  const auto* array = list == nullptr ? nullptr : list->get_if<json::Array>();
  if (array == nullptr) return true;  // all of them by default
  return std::ranges::find(*array, json::Value(wanted)) != array->end();
}

/// How one address is asked; `settings` are the file's own members for its server.
void look_at_address(Notes& notes, const std::string& path, const std::string& address, const json::Value& settings) {
  if (address.starts_with("http://") && !is_this_machine(host_of_url(address))) {
    notes.warning(path, address + " is asked without TLS, so that whoever is in between says what a tag is",
                  "give gapstow serve a certificate, and write https://");
  }
  const auto* skip = find_value(settings, {"skip_verify"});
  if (skip != nullptr && *skip == json::Value(true)) {
    notes.warning(path, "takes any certificate of " + address, "name its authority: ca = \"…\"");
  }
}

/// What is asked when no mirror has an image.
void look_at_server(Notes& notes, const std::string& path, const std::string& host, const json::Object& file,
                    const json::Object& mirrors) {
  const std::string mend = "set server = to the mirror's own address: " + std::string(kEmit);
  const auto* server = file.find("server");
  const auto* url = server == nullptr ? nullptr : server->get_if<std::string>();
  if (url == nullptr || url->empty() || is_origin(host_of_url(*url), host)) {
    notes.open(path,
               (url == nullptr || url->empty() ? std::string("names no server") : "names the origin as its server") +
                   ", so that what the mirror does not have is pulled from " + host,
               mend);
    return;
  }
  look_at_address(notes, path, *url, file);
  const bool is_mirror = std::ranges::any_of(
      mirrors.members(), [&](const auto& mirror) { return host_of_url(mirror.first) == host_of_url(*url); });
  if (!mirrors.members().empty() && !is_mirror) {
    notes.warning(path, "what the mirrors do not have is pulled from " + *url + ", which is none of them", mend);
  }
}

void look_at_hosts(Notes& notes, const std::string& path, const std::string& host, const json::Object& file) {
  const json::Object none;
  const auto* list = file.find("host");
  const auto* table = list == nullptr ? nullptr : list->get_if<json::Object>();
  const json::Object& mirrors = table == nullptr ? none : *table;
  look_at_server(notes, path, host, file, mirrors);
  for (const auto& [address, mirror] : mirrors.members()) {
    if (is_origin(host_of_url(address), host)) {
      notes.open(path, "names the origin " + address + " as a mirror", "take it out: " + std::string(kEmit));
    }
    look_at_address(notes, path, address, mirror);
    if (has_capability(mirror, "pull") && !has_capability(mirror, "resolve")) {
      notes.open(path, address + " may not resolve tags, so that others say what a tag is",
                 "set capabilities = [\"pull\", \"resolve\"]");
    }
  }
}

/// The folders in which containerd looks for a host, the first that is there: a port may stand between underscores.
std::vector<std::string> names_of(const std::string& host) {
  std::vector<std::string> names{host, "_default"};
  if (const auto colon = host.rfind(':'); colon != std::string::npos && colon > 0) {
    names.insert(names.begin(), host.substr(0, colon) + "_" + host.substr(colon + 1) + "_");
  }
  return names;
}

/// Without a hosts.toml that it can read containerd pulls from the host itself.
void look_at_host_folder(Notes& notes, const Site& site, const std::string& folder, const std::string& host) {
  const std::string path = folder + "/hosts.toml";
  const std::string fall_back = ", so that images are pulled from " + host;
  guard(notes, site, folder, kSo);
  if (!site.fs.status(path)) {
    notes.open(folder, "holds no hosts.toml" + fall_back, std::string(kEmit));
    return;
  }
  guard(notes, site, path, kSo);
  try {
    look_at_hosts(notes, path, host, read_toml(site.fs, path));
  } catch (const Error& error) {
    if (error.code() == base::ErrorCode::malformed) {
      notes.open(path, "cannot be read" + fall_back + ": " + error.line(), std::string(kEmit));
    } else {
      notes.warning(path, "cannot be read: " + error.line(), std::string(kEmit));
    }
  }
}

void look_at_host(Notes& notes, const Site& site, const std::vector<std::string>& folders, const std::string& host) {
  for (const auto& folder : folders) {
    for (const auto& name : names_of(host)) {
      const std::string place = site.path(folder) + "/" + name;
      if (site.fs.status(place)) return look_at_host_folder(notes, site, place, host);
    }
  }
  notes.open(site.path(folders.front()) + "/" + host, "there is no mirror, so that images are pulled from " + host,
             std::string(kEmit));
}

/// config_path may name several folders.
std::vector<std::string> config_folders(const ContainerdSetup& setup) {
  const auto* value = find_cri(setup, {"registry", "config_path"}, {"registry", "config_path"});
  const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
  if (text == nullptr) return {};
  std::vector<std::string> folders;
  for (const auto part : base::split(*text, ':')) {
    if (!part.empty()) folders.emplace_back(part);
  }
  return folders;
}

/// Since 2.1 the part of containerd that pulls takes a list of folders for the name of one, which is not there. Without
/// config_path 2.2 goes by such a list too.
void look_at_list(Notes& notes, const ContainerdSetup& setup, const std::vector<std::string>& folders) {
  const Version version = parse_version(setup.version);
  if (folders.size() < 2 || (version != Version{} && version < Version{2, 1})) return;
  notes.open(setup.source,
             "config_path names " + std::to_string(folders.size()) +
                 " folders, which containerd takes for one since 2.1, so that no mirror is found",
             "set registry.config_path = \"" + folders.front() + "\" alone");
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
    look_at_list(notes, setup, folders);
    for (const auto& folder : folders) {
      guard_above(notes, site, site.path(folder), kSo);
      guard(notes, site, site.path(folder), kSo);
    }
    for (const auto& host : hosts) look_at_host(notes, site, folders, host);
  }
  if (notes.empty()) {
    notes.fine(site.path(folders.front()),
               hosts.size() == 1 ? *hosts.begin() + " is mirrored" : counted(hosts.size(), "host") + " are mirrored");
  }
  return notes.take();
}

}  // namespace gapstow::cluster
