// Destinations of a node: containerd's own store, and the folder from which k3s and rke2 load images.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/oci/image_destination.h"

namespace gapstow::cluster {

inline constexpr std::string_view kContainerdTransport = "containerd:";
inline constexpr std::string_view kK3sTransport = "k3s-dir:";

/// containerd:[SOCKET][,namespace=NAME]
struct ContainerdPlace {
  std::string address = "/run/containerd/containerd.sock";
  std::string name_space = "k8s.io";  ///< the kubelet sees no other
  /// Of what stands behind "containerd:"; Error{usage}.
  static ContainerdPlace parse(std::string_view text);
  std::string text() const;
};

/// What the destination rests on; all outlives it.
struct ContainerdTools {
  base::WriteFs& fs;
  const base::CancelToken& cancel;
  std::string program = "ctr";
  /// Images are kept in a private folder below this one until they are proven.
  std::string staging_folder;
};

/// Hands images to containerd when every byte is proven: settle() imports them under names that nobody asks for and
/// compares what arrived, commit() gives them their names: name:tag and name@digest. A failure takes back what this
/// run has added; names that were there before lead where they led. An index of which platforms are missing keeps its
/// digest. Error{not_found} without the program or the socket, Error{network} with the words of containerd,
/// Error{usage} for attachments, which it has no place for, Error{digest_unavailable} for images bound by diff_ids.
std::unique_ptr<oci::ImageDestination> make_containerd(ContainerdPlace place, ContainerdTools tools);

/// k3s-dir:DIR: one archive for all images, under a name that follows from theirs, so that the same images of a newer
/// bundle replace it. The folder must be there. Error{conflict} where another archive of gapstow in it leads one of
/// the names elsewhere: which of the two k3s takes would be chance.
std::unique_ptr<oci::ImageDestination> make_k3s_folder(base::WriteFs& fs, const std::string& folder);

/// $TMPDIR, or /var/tmp: for what is too large for memory.
std::string default_staging_folder();

}  // namespace gapstow::cluster
