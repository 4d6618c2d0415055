// What both destinations of a node have in common.
#pragma once

#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/oci/image_destination.h"

namespace gapstow::cluster {

/// Error{usage} for attachments: nodes have no place for what refers to an image.
void check_importable(const std::vector<oci::NamedImage>& images, const std::string& where);

/// Removes a folder with all that is in it, as far as that goes.
void remove_tree(base::WriteFs& fs, const std::string& path) noexcept;

}  // namespace gapstow::cluster
