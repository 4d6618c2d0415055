// manifest.json of a docker archive, and binding its images to manifests known from elsewhere.
#pragma once

#include <string>
#include <vector>

#include "catalog.h"

namespace gapstow::oci {

/// One item of manifest.json: files by name, the configuration identified by the digest of its bytes.
struct DockerItem {
  std::string config_file;
  std::vector<std::string> tags;
  std::vector<std::string> layer_files;
  Descriptor config;
};

/// Error{malformed} when the file is damaged or names files that are not there.
std::vector<DockerItem> read_docker_items(LayoutFiles& files);

/// Binds the item to `manifest` and offers its layers, the manifest's bytes and the configuration: under the signed
/// digests where the archive holds the compressed layers, else under the diff_ids. Error{target_mismatch} when the
/// layers do not correspond. The configuration's digest must be the one that the manifest names.
Binding bind_item(Catalog& catalog, const DockerItem& item, const Manifest& manifest);

}  // namespace gapstow::oci
