// A node's root in a temporary folder, for what looks at nodes.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gapstow/base/fs.h"
#include "gapstow/cluster/doctor.h"
#include "gapstow/enforce/snapshot.h"
#include "gapstow/trust/store.h"
#include "support/known_images.h"
#include "support/temp_folder.h"
#include "support/transfer_samples.h"

namespace gapstow::test {

class SiteTree {
 public:
  /// A node on which nothing would let an image in: containerd 2 with a verifier and mirrors, podman, an API server.
  SiteTree() {
    trust::TrustStore store;
    store.signers = {{"desk", sample_key(1).public_key()}};
    store.roots.push_back({trust::Pattern::parse("docker.io/*"), trust::RootEntry::Kind::key_id, std::string(64, 'a')});
    store.operators = {{"ops", sample_key(1).public_key(), true, false}};
    std::filesystem::create_directories(path("/etc"));
    trust::save_store(fs, path("/etc/gapstow"), store);
    write_snapshot(steady_decisions());
    write("/etc/containerd/config.toml",
          "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = '/etc/containerd/certs.d'\n");
    write("/opt/containerd/image-verifier/bin/00-gapstow", "#!/bin/sh\n", 0755);
    write(
        "/etc/containerd/certs.d/docker.io/hosts.toml",
        "server = 'https://gapstow.far:5443'\n[host.'https://gapstow.far:5443']\ncapabilities = ['pull', 'resolve']\n");
    write("/etc/containers/policy.json", R"({"default":[{"type":"reject"}]})");
    write("/etc/containers/registries.conf",
          "[[registry]]\nprefix = 'docker.io'\nlocation = 'gapstow.far:5443/docker.io'\n");
    write("/etc/kubernetes/manifests/kube-apiserver.yaml",
          "spec:\n  containers:\n  - command:\n    - kube-apiserver\n"
          "    - --enable-admission-plugins=NodeRestriction,ImagePolicyWebhook\n"
          "    - --admission-control-config-file=/etc/kubernetes/admission.yaml\n");
    write("/etc/kubernetes/admission.yaml",
          "plugins:\n- name: ImagePolicyWebhook\n  configuration:\n    imagePolicy:\n"
          "      kubeConfigFile: /etc/kubernetes/gapstow/kubeconfig\n      allowTTL: 30\n      defaultAllow: false\n");
  }

  /// The sample without what lapses soon.
  static enforce::SnapshotContent steady_decisions() {
    auto content = sample_decisions();
    content.images.pop_back();
    return content;
  }

  std::string path(const std::string& absolute) const { return folder.path() + absolute; }

  void write(const std::string& name, const std::string& text, unsigned mode = 0644) {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << text;
    allow(name, mode);
  }
  void remove(const std::string& name) { std::filesystem::remove_all(path(name)); }
  void allow(const std::string& name, unsigned mode) { ::chmod(path(name).c_str(), mode); }

  void write_snapshot(const enforce::SnapshotContent& content, unsigned char key = 1) {
    const auto signer = sample_key(key);
    const auto bytes = enforce::sign_snapshot(enforce::write_snapshot(content), {&signer});
    write("/var/lib/gapstow/decisions.snapshot", std::string(base::as_text(bytes)));
  }

  cluster::DoctorRequest request() {
    return {{fs, folder.path(), kDay.plus_seconds(3600), 30LL * 86400, ::geteuid()},
            path("/etc/gapstow"),
            path("/var/lib/gapstow/state.db"),
            path("/var/lib/gapstow/decisions.snapshot"),
            {}};
  }

  cluster::Findings examine() { return cluster::examine(request(), {}, base::CancelToken()); }

  TempFolder folder;
  base::SystemFs fs;
};

}  // namespace gapstow::test
