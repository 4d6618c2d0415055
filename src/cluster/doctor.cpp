#include "gapstow/cluster/doctor.h"

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

}  // namespace

Findings examine(const DoctorRequest& request, const std::vector<ExaminedBundle>& bundles,
                 const base::CancelToken& cancel) {
  const Site& site = request.site;
  std::optional<trust::TrustStore> store;
  std::shared_ptr<const enforce::Snapshot> snapshot;
  Findings findings = examine_trust_store(site, request.trust_store, store);
  append(findings, examine_state(site, request.state));
  append(findings, examine_snapshot(site, request.snapshot, store.value_or(trust::TrustStore()), snapshot));
  for (const auto& bundle : bundles) append(findings, examine_bundle(site, bundle));
  const auto hosts = origin_hosts(store, snapshot.get(), bundles);
  for (const auto& setup : find_containerd(request, findings, cancel)) {
    append(findings, examine_containerd(site, setup));
    append(findings, examine_verifiers(site, setup));
    append(findings, examine_mirrors(site, setup, hosts));
  }
  append(findings, examine_k3s(site, snapshot.get()));
  append(findings, examine_podman(site, hosts));
  append(findings, examine_docker(site, docker_version(request, cancel)));
  append(findings, examine_api_server(site));
  return findings;
}

}  // namespace gapstow::cluster
