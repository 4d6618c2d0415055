// Configuration for others that enforces what gapstow has proven: containerd, podman, CRI-O, Kubernetes. Made from
// decisions alone; nothing is read or written here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"
#include "gapstow/enforce/judge.h"
#include "gapstow/enforce/snapshot.h"
#include "gapstow/oci/reference.h"

namespace gapstow::cluster {

/// An image that may run.
struct ProvenImage {
  oci::Reference origin;                  ///< with its tag
  std::vector<oci::Reference> names;      ///< under which it may be asked for here; the origin first
  std::vector<digest::Digest> manifests;  ///< the signed one first, then those below it
};

/// All images of the decisions that are neither refused nor lapsed at `now`, sorted by origin. Error{clock_behind} for
/// a clock by which nothing can be judged.
std::vector<ProvenImage> proven_images(const enforce::Snapshot& decisions, base::Time now);

/// What the files need to know about the place that they are for.
struct EmitSite {
  std::string server;           ///< where `gapstow serve` is reached: "https://gapstow.example:5443"; may be empty
  std::string ca;               ///< PEM of the authority behind its certificate; may be empty
  std::string border_key;       ///< PEM of the key of `gapstow serve --border-key`; may be empty
  bool every_registry = false;  ///< mirrors for all registries, so that no other one is ever asked
  bool workloads = false;       ///< webhooks look at Deployments and their like too
  enforce::TagPolicy tags = enforce::TagPolicy::demand;  ///< accept: nodes resolve tags by gapstow alone
  std::string name_space = "gapstow-system";             ///< Kubernetes namespace of gapstow's own
  std::string service = "gapstow";                       ///< Service there; used where there is no `server`
  std::vector<std::string> excluded;                     ///< namespaces that are not judged, besides the own one
  std::string folder = "/etc/kubernetes/gapstow";        ///< where the files will lie on the API server's host
  std::string cert_file;  ///< on the API server's host, for mutual TLS; empty: client.crt in `folder`
  std::string key_file;   ///< likewise; empty: client.key in `folder`
};

struct EmittedFile {
  std::string path;  ///< relative: "docker.io/hosts.toml"
  std::string content;
};

struct EmitKind {
  std::string_view name;     ///< "hosts.toml"
  std::string_view summary;  ///< one line
  bool needs_images = false;
  /// Error{usage} where `site` lacks something, Error{conflict} and Error{limit_exceeded} where the images cannot be
  /// expressed in this form.
  std::vector<EmittedFile> (*emit)(const EmitSite& site, const std::vector<ProvenImage>& images);
};

/// In the order of the help text.
std::span<const EmitKind> emit_kinds();
/// Error{usage} for other names.
const EmitKind& emit_kind(std::string_view name);

}  // namespace gapstow::cluster
