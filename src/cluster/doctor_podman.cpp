// policy.json and registries.conf, which podman, CRI-O and skopeo go by.
#include <algorithm>
#include <map>

#include "doctor_tools.h"
#include "gapstow/base/error.h"
#include "gapstow/json/parse.h"
#include "toml_file.h"

namespace gapstow::cluster {
namespace {

using base::Error;

constexpr const char* kSystem = "/etc/containers";
constexpr std::uint64_t kMaxPolicyBytes = 4 << 20;
constexpr std::string_view kPolicyMend = "gapstow emit policy.json; the default must be reject";
constexpr const char* kSo = "and so decides what is accepted";
constexpr std::string_view kRegistriesMend = "gapstow emit registries.conf";

/// All of its requirements must hold.
bool accepts_anything(const json::Value& requirements) {
  const auto* list = requirements.get_if<json::Array>();
  if (list == nullptr) return false;
  return std::ranges::all_of(*list, [](const json::Value& each) {
    const auto* type = find_value(each, {"type"});
    return type != nullptr && *type == json::Value("insecureAcceptAnything");
  });
}

void look_at_policy(Notes& notes, const std::string& path, const json::Value& policy) {
  const auto* fallback = find_value(policy, {"default"});
  if (fallback != nullptr && accepts_anything(*fallback)) {
    notes.open(path, "the default is insecureAcceptAnything: every image may be pulled", std::string(kPolicyMend));
  }
  const auto* transports = find_value(policy, {"transports", "docker"});
  const auto* scopes = transports == nullptr ? nullptr : transports->get_if<json::Object>();
  if (scopes == nullptr) return;
  for (const auto& [scope, requirements] : scopes->members()) {
    // What a digest is given for is compared with it.
    if (!accepts_anything(requirements) || scope.find("@sha256:") != std::string::npos) continue;
    if (scope.find('/') != std::string::npos && scope.find(':', scope.rfind('/')) != std::string::npos) {
      notes.warning(path, scope + " is whatever the registry says that it is, without any signature",
                    "gapstow emit policy.json without --tags accept, and digests in pods");
      continue;
    }
    const std::string where = scope.empty() ? "every registry" : scope;
    notes.open(path, "images of " + where + " may be pulled without any signature", std::string(kPolicyMend));
  }
}

Findings examine_policy(const Site& site, const std::string& path) {
  Notes notes("policy-json");
  guard_above(notes, site, path, kSo);
  guard(notes, site, path, kSo);
  try {
    const auto bytes = base::read_file(site.fs, path, kMaxPolicyBytes);
    look_at_policy(notes, path, json::parse(bytes, {.bytes = kMaxPolicyBytes, .depth = 32, .reals = true}));
  } catch (const Error& error) {
    notes.warning(path, "cannot be read: " + error.line(), std::string(kPolicyMend));
  }
  if (notes.empty()) notes.fine(path, "refuses what it does not name");
  return notes.take();
}

/// How much of a host a [[registry]] is for.
enum class Cover { nothing, part, whole };

Cover cover_of(const json::Value& registry, const std::string& host) {
  for (const char* name : {"prefix", "location"}) {
    const auto* value = find_value(registry, {name});
    const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
    if (text == nullptr || text->empty()) continue;
    const bool is_wild = text->starts_with("*.") && host.ends_with(text->substr(1));
    if (*text == host || is_wild) return Cover::whole;
    return text->starts_with(host + "/") ? Cover::part : Cover::nothing;
  }
  return Cover::nothing;
}

void look_at_registry(Notes& notes, const std::string& path, const std::string& host, const json::Value& registry) {
  const auto member = [&](const char* name) { return find_value(registry, {name}); };
  if (const auto* value = member("blocked"); value != nullptr && *value == json::Value(true)) return;
  if (const auto* value = member("insecure"); value != nullptr && *value == json::Value(true)) {
    notes.warning(path, "speaks to " + host + " without TLS, or takes any certificate", "take insecure = true out");
  }
  const auto* location = member("location");
  const auto* text = location == nullptr ? nullptr : location->get_if<std::string>();
  if (text == nullptr || text->empty() || *text == host || text->starts_with(host + "/")) {
    notes.warning(path, "what the mirrors do not have is pulled from " + host,
                  "set location = to the mirror's own address: " + std::string(kRegistriesMend));
  }
}

/// Of folders with configuration, the stronger first: the first registries.conf counts, and all that drop in.
std::vector<std::string> registries_files(const Site& site, const std::vector<std::string>& places) {
  std::vector<std::string> files;
  for (const auto& place : places) {
    if (files.empty() && site.has(place + "/registries.conf")) files.push_back(site.path(place + "/registries.conf"));
  }
  for (const auto& place : places) {
    const std::string folder = site.path(place + "/registries.conf.d");
    const auto status = site.fs.status(folder);
    if (!status || status->kind != base::FileStatus::Kind::folder) continue;
    for (const auto& name : site.fs.list(folder)) {
      if (name.ends_with(".conf")) files.push_back(folder + "/" + name);
    }
  }
  return files;
}

void look_at_registries(Notes& notes, const Site& site, const std::vector<std::string>& places,
                        const std::set<std::string>& hosts) {
  std::map<std::string, Cover> covers;
  for (const auto& path : registries_files(site, places)) {
    try {
      const json::Value config = read_toml(site.fs, path);
      const auto* registries = find_value(config, {"registry"});
      const auto* list = registries == nullptr ? nullptr : registries->get_if<json::Array>();
      if (list == nullptr) continue;
      for (const auto& registry : *list) {
        for (const auto& host : hosts) {
          const Cover cover = cover_of(registry, host);
          if (cover == Cover::nothing) continue;
          covers[host] = std::max(covers[host], cover);
          look_at_registry(notes, path, host, registry);
        }
      }
    } catch (const Error& error) {
      notes.warning(path, "cannot be read: " + error.line(), std::string(kRegistriesMend));
    }
  }
  for (const auto& host : hosts) {
    const Cover cover = covers[host];
    if (cover == Cover::whole) continue;
    notes.warning(site.path("/etc/containers/registries.conf"),
                  cover == Cover::nothing
                      ? "has no mirror for " + host
                      : "has another place for parts of " + host + " alone; the rest is pulled from it",
                  std::string(kRegistriesMend));
  }
}

/// Folders with configuration. What root has of its own takes the place of the system's when root pulls.
std::vector<std::string> places_of(Notes& notes, const Site& site) {
  const std::string own = "/root/.config/containers";
  try {
    if (site.has(own)) return {own, kSystem};
  } catch (const Error& error) {
    notes.notice(site.path(own), "could not be looked at: " + error.line(), "run gapstow doctor as root");
  }
  return {kSystem};
}

}  // namespace

Findings examine_podman(const Site& site, const std::set<std::string>& hosts) {
  const bool is_there = site.has("/usr/bin/podman") || site.has("/usr/bin/crio") || site.has("/etc/crio") ||
                        site.has("/usr/local/bin/crio") || site.has("/etc/containers/policy.json");
  if (!is_there) return {};
  Notes notes("policy-json");
  const std::string path = site.path(kSystem) + "/policy.json";
  if (!site.fs.status(path)) {
    notes.notice(path, "is not there; podman and CRI-O pull nothing without it", std::string(kPolicyMend));
  }
  const auto places = places_of(notes, site);
  Findings findings = notes.take();
  for (const auto& place : places) {
    const std::string policy = site.path(place) + "/policy.json";
    if (site.fs.status(policy)) append(findings, examine_policy(site, policy));
  }
  // CRI-O goes by another file where a namespace has one.
  const std::string folder = site.path("/etc/crio/policies");
  if (const auto status = site.fs.status(folder); status && status->kind == base::FileStatus::Kind::folder) {
    for (const auto& name : site.fs.list(folder)) append(findings, examine_policy(site, folder + "/" + name));
  }
  Notes registries("registries-conf");
  look_at_registries(registries, site, places, hosts);
  append(findings, registries.take());
  return findings;
}

}  // namespace gapstow::cluster
