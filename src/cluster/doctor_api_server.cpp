// The API server of a control plane: whether it asks anybody about images, and what it does when nobody answers.
// Only flags and a handful of settings are looked at, line by line: there is no YAML parser in here.
#include <algorithm>
#include <optional>
#include <vector>

#include "doctor_tools.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::cluster {
namespace {

using base::Error;

constexpr std::uint64_t kMaxFileBytes = 1 << 20;
constexpr const char* kManifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
constexpr std::string_view kPlugin = "ImagePolicyWebhook";
constexpr std::string_view kEmit = "gapstow emit image-policy";

std::string_view trim(std::string_view text) {
  const auto drop = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"' || c == '\'' || c == ','; };
  while (!text.empty() && drop(text.front())) text.remove_prefix(1);
  while (!text.empty() && drop(text.back())) text.remove_suffix(1);
  return text;
}

/// A line without its comment.
std::string_view uncommented(std::string_view line) {
  if (trim(line).starts_with('#')) return {};
  return line.substr(0, line.find(" #"));
}

/// The value of "--flag=value" in a list of arguments.
std::optional<std::string> flag(const std::string& text, std::string_view name) {
  for (auto line : base::split(text, '\n')) {
    line = trim(uncommented(line));
    if (line.starts_with("- ")) line = trim(line.substr(2));
    if (line.starts_with(name) && line.substr(name.size()).starts_with('=')) {
      return std::string(trim(line.substr(name.size() + 1)));
    }
  }
  return std::nullopt;
}

/// The values of a member, wherever it stands, in YAML or JSON of one member a line.
std::vector<std::string> members(const std::string& text, std::string_view name) {
  std::vector<std::string> values;
  for (auto line : base::split(text, '\n')) {
    line = trim(uncommented(line));
    if (line.starts_with("- ")) line = trim(line.substr(2));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || trim(line.substr(0, colon)) != name) continue;
    values.emplace_back(trim(line.substr(colon + 1)));
  }
  return values;
}

/// Whether something is said in a form that members() does not see: {defaultAllow: true}.
bool hides(const std::string& text, std::string_view name) {
  std::size_t mentions = 0;
  for (const auto line : base::split(text, '\n')) {
    const auto said = uncommented(line);
    for (auto at = said.find(name); at != std::string_view::npos; at = said.find(name, at + 1)) ++mentions;
  }
  return mentions != members(text, name).size();
}

std::string read_text(const Site& site, const std::string& path) {
  return std::string(base::as_text(base::read_file(site.fs, path, kMaxFileBytes)));
}

/// The settings of the plugin: in the admission configuration itself, or in a file that it names.
void look_at_settings(Notes& notes, const std::string& path, const std::string& text) {
  for (const auto& open : members(text, "defaultAllow")) {
    if (open == "false") continue;
    notes.open(path,
               "defaultAllow is " + base::printable(open) + ": when the webhook does not answer, every image may run",
               "set defaultAllow: false and restart the API server");
  }
  for (const char* name : {"allowTTL", "denyTTL"}) {
    if (std::ranges::count(members(text, name), "1") == 0) continue;
    notes.warning(path, std::string(name) + " is 1, with which the API server does not start",
                  "set it to 2 or more, or to -1 for no cache");
  }
  if (hides(text, "defaultAllow")) {
    notes.notice(path, "is in a form that cannot be read here; look for defaultAllow yourself");
  }
}

void look_at_webhook(Notes& notes, const Site& site, const std::string& path, const std::string& text) {
  if (text.find(kPlugin) == std::string::npos) {
    notes.open(path, "does not configure ImagePolicyWebhook, which is switched on", std::string(kEmit));
    return;
  }
  bool is_known = !members(text, "kubeConfigFile").empty() || !members(text, "defaultAllow").empty();
  look_at_settings(notes, path, text);
  for (const auto& name : members(text, "path")) {
    const std::string inner = name.starts_with('/') ? site.path(name) : base::parent_folder(path) + "/" + name;
    try {
      look_at_settings(notes, inner, read_text(site, inner));
      is_known = true;
    } catch (const Error& error) {
      notes.notice(inner, "could not be read, so that nobody knows what happens without an answer: " + error.line());
    }
  }
  if (!is_known && notes.empty()) {
    notes.notice(path, "is in a form that cannot be read here; look for defaultAllow yourself");
  }
}

void look_at_flags(Notes& notes, const Site& site, const std::string& manifest) {
  const auto plugins = flag(manifest, "--enable-admission-plugins");
  bool is_on = false;
  if (plugins) {
    const auto names = base::split(*plugins, ',');
    is_on = std::ranges::find(names, kPlugin) != names.end();
  }
  const std::string path = site.path(kManifest);
  if (!is_on) {
    notes.notice(path, "ImagePolicyWebhook is off; whether admission webhooks ask gapstow, the cluster alone knows",
                 "kubectl get validatingwebhookconfigurations");
    return;
  }
  const auto file = flag(manifest, "--admission-control-config-file");
  if (!file || file->empty()) {
    notes.open(path, "ImagePolicyWebhook is on without --admission-control-config-file", std::string(kEmit));
    return;
  }
  try {
    look_at_webhook(notes, site, site.path(*file), read_text(site, site.path(*file)));
  } catch (const Error& error) {
    notes.notice(site.path(*file),
                 "could not be read, so that nobody knows what happens without an answer: " + error.line());
  }
  if (notes.empty()) notes.fine(site.path(*file), "ImagePolicyWebhook is on and refuses when nobody answers");
}

}  // namespace

Findings examine_api_server(const Site& site) {
  if (!site.has(kManifest)) return {};
  Notes notes("api-server");
  try {
    look_at_flags(notes, site, read_text(site, site.path(kManifest)));
  } catch (const Error& error) {
    notes.notice(site.path(kManifest), "could not be read: " + error.line());
  }
  return notes.take();
}

}  // namespace gapstow::cluster
