// How containerd is set up: asked of it, or read from its files.
#pragma once

#include <optional>

#include "gapstow/base/cancel.h"
#include "gapstow/cluster/doctor.h"

namespace gapstow::cluster {

/// The setups on this site, its own and those of k3s and rke2. What cannot be read becomes a finding.
std::vector<ContainerdSetup> find_containerd(const DoctorRequest& request, Findings& findings,
                                             const base::CancelToken& cancel);

/// A file with what it imports, the imports winning, as containerd reads it. `root` stands before absolute imports. Two
/// setups where the versions that may read it merge its imports differently.
std::vector<ContainerdSetup> read_containerd_config(base::ReadFs& fs, const std::string& path, const std::string& root);

/// What a program of the machine prints first: "containerd github.com/containerd/containerd 1.6.20 …", or nothing.
std::optional<std::string> first_line_of(const std::vector<std::string>& words, const base::CancelToken& cancel);
/// The first word in it that is a version; empty when there is none.
std::string version_in(const std::string& line);

/// The tables of the image part of CRI: the one of version 3 and the one of version 2 of the configuration.
const json::Value* find_cri(const ContainerdSetup& setup, const std::vector<std::string>& way3,
                            const std::vector<std::string>& way2);

}  // namespace gapstow::cluster
