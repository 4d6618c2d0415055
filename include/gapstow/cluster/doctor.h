// The doctor: looks at a node or site and says what would let an image come in or run unproven. It changes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/time.h"
#include "gapstow/cluster/finding.h"
#include "gapstow/enforce/snapshot.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/trust/store.h"

namespace gapstow::cluster {

using Findings = std::vector<Finding>;

/// Where and when it looks.
struct Site {
  base::ReadFs& fs;
  std::string root;               ///< empty: this machine; else a folder that holds the root of another
  base::Time now;                 ///< the clock, or --at
  std::int64_t soon_seconds = 0;  ///< what lapses within this time is worth a warning
  std::uint32_t user = 0;         ///< besides root, who may own what counts

  std::string path(const std::string& absolute) const { return root + absolute; }
  bool has(const std::string& absolute) const { return fs.status(path(absolute)).has_value(); }
};

/// containerd as it is set up. `config` is the merged configuration, without defaults where no program told it.
struct ContainerdSetup {
  std::string source;   ///< "containerd config dump" or a path
  json::Value config;   ///< a table
  std::string version;  ///< "2.1.4"; empty when nobody knows
};

struct DoctorRequest {
  Site site;
  std::string trust_store;  ///< folder
  std::string state;
  std::string snapshot;
  std::optional<std::string> containerd_config;  ///< a file to read instead of asking containerd
  std::string containerd_program = "containerd";
};

/// A bundle that was named, and what proving all but its payload gave.
struct ExaminedBundle {
  std::string name;
  std::optional<transfer::Outcome> outcome;
  std::optional<base::Error> failure;
};

/// All checks in a fixed order. What cannot be looked at is a notice; Error{interrupted} alone is thrown.
Findings examine(const DoctorRequest& request, const std::vector<ExaminedBundle>& bundles,
                 const base::CancelToken& cancel);

/// The single subjects, for tests. Hosts are those of origins: "docker.io".
Findings examine_trust_store(const Site& site, const std::string& folder, std::optional<trust::TrustStore>& store);
Findings examine_state(const Site& site, const std::string& path);
Findings examine_snapshot(const Site& site, const std::string& path, const trust::TrustStore& store,
                          std::shared_ptr<const enforce::Snapshot>& snapshot);
Findings examine_bundle(const Site& site, const ExaminedBundle& bundle);
Findings examine_containerd(const Site& site, const ContainerdSetup& setup);
Findings examine_verifiers(const Site& site, const ContainerdSetup& setup);
Findings examine_mirrors(const Site& site, const ContainerdSetup& setup, const std::set<std::string>& hosts);
Findings examine_k3s(const Site& site, const enforce::Snapshot* snapshot);
Findings examine_podman(const Site& site, const std::set<std::string>& hosts);
Findings examine_docker(const Site& site, const std::string& version);
Findings examine_api_server(const Site& site);

}  // namespace gapstow::cluster
