// StagedImages: proven images in a private folder, and how containerd is to be told of each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/oci/image_destination.h"
#include "gapstow/oci/image_source.h"

namespace gapstow::cluster {

/// A child of an index, and where it stands in it.
struct PlacedChild {
  std::size_t place = 0;
  oci::Descriptor child;
};

/// An index of which platforms are missing. containerd refuses to import it whole, and importing one platform after
/// another makes it forget the one before; so the children come first, each by itself, then the index with one of its
/// platforms, and then it is told of the others.
struct PartialIndex {
  std::string platform;               ///< the one with which the index is imported; no missing child has it
  std::vector<PlacedChild> children;  ///< that are there
};

struct StagedImage {
  oci::NamedImage image;
  std::optional<PartialIndex> partial;
  bool runs_here = false;  ///< one of its platforms is this machine's
};

/// Looks at the images in the layout at `folder`. Error{digest_unavailable} for an index with missing parts that cannot
/// be imported under its digest.
std::vector<StagedImage> look_at_images(base::ReadFs& fs, const std::string& folder,
                                        const std::vector<oci::NamedImage>& images);

/// This machine as containerd calls it: "linux/amd64"; the variant is left out.
oci::Platform host_platform();

}  // namespace gapstow::cluster
