#include "gapstow/cluster/doctor.h"

#include <algorithm>

#include "containerd_setup.h"
#include "doctor_tools.h"
#include "gapstow/base/error.h"

namespace gapstow::cluster {
namespace {

/// The hosts under whose names images are asked for here.
std::set<std::string> origin_hosts(const std::optional<trust::TrustStore>& store, const enforce::Snapshot* snapshot,
                                   const std::vector<ExaminedBundle>& bundles) {
  std::set<std::string> hosts;
  const auto add = [&](const std::string& name) {
    if (const auto host = host_of(name); !host.empty()) hosts.insert(host);
  };
  if (store) {
    for (const auto& root : store->roots) add(root.pattern.text());
    for (const auto& rule : store->rules) {
      if (!rule.deny) add(rule.pattern.text());
    }
  }
  if (snapshot != nullptr) {
    for (std::size_t i = 0; i < snapshot->images(); ++i) add(std::string(snapshot->at(i).origin));
  }
  for (const auto& bundle : bundles) {
    if (!bundle.outcome) continue;
    for (const auto& image : bundle.outcome->images) add(image.record.reference);
  }
  return hosts;
}

std::string docker_version(const DoctorRequest& request, const base::CancelToken& cancel) {
  if (!request.site.root.empty()) return {};
  const auto line = first_line_of({"docker", "--version"}, cancel);
  return line ? version_in(*line) : std::string();
}

/// Several setups and hosts lead to the same files.
void drop_repeated(Findings& findings) {
  Findings once;
  for (auto& each : findings) {
    if (std::ranges::find(once, each) == once.end()) once.push_back(std::move(each));
  }
  findings = std::move(once);
}

/// What a subject finds; a file that cannot be read ends that subject and no other.
template <typename Subject>
void look(Findings& findings, const char* check, const std::string& where, Subject&& subject) {
  try {
    append(findings, subject());
  } catch (const base::Error& error) {
    if (error.code() == base::ErrorCode::interrupted) throw;
    Notes notes(check);
    notes.notice(where, "could not be looked at: " + error.line(), "run gapstow doctor as root");
    append(findings, notes.take());
  }
}

}  // namespace

Findings examine(const DoctorRequest& request, const std::vector<ExaminedBundle>& bundles,
                 const base::CancelToken& cancel) {
  const Site& site = request.site;
  std::optional<trust::TrustStore> store;
  std::shared_ptr<const enforce::Snapshot> snapshot;
  Findings findings;
  look(findings, "trust-store", request.trust_store,
       [&] { return examine_trust_store(site, request.trust_store, store); });
  look(findings, "state", request.state, [&] { return examine_state(site, request.state); });
  look(findings, "snapshot", request.snapshot,
       [&] { return examine_snapshot(site, request.snapshot, store.value_or(trust::TrustStore()), snapshot); });
  for (const auto& bundle : bundles) append(findings, examine_bundle(site, bundle));
  const auto hosts = origin_hosts(store, snapshot.get(), bundles);
  std::vector<ContainerdSetup> setups;
  look(findings, "containerd", "containerd", [&] {
    Findings found;
    setups = find_containerd(request, found, cancel);
    return found;
  });
  for (const auto& setup : setups) {
    append(findings, examine_containerd(site, setup));
    look(findings, "verifier-directory", setup.source, [&] { return examine_verifiers(site, setup); });
    look(findings, "mirrors", setup.source, [&] { return examine_mirrors(site, setup, hosts); });
  }
  drop_repeated(findings);
  look(findings, "k3s-images", site.path("/var/lib/rancher"), [&] { return examine_k3s(site, snapshot.get()); });
  look(findings, "policy-json", site.path("/etc/containers"), [&] { return examine_podman(site, hosts); });
  look(findings, "docker", "docker", [&] { return examine_docker(site, docker_version(request, cancel)); });
  look(findings, "api-server", site.path("/etc/kubernetes"), [&] { return examine_api_server(site); });
  return findings;
}

}  // namespace gapstow::cluster
