// Repositories of registries as sources and destinations of images.
#pragma once

#include <memory>
#include <string>

#include "gapstow/oci/image_destination.h"
#include "gapstow/oci/image_source.h"
#include "gapstow/registry/network.h"
#include "gapstow/registry/upload_journal.h"

namespace gapstow::registry {

/// docker://HOST/PATH: one repository. It lists no images; they are found by tag and digest. Streams may be read in
/// parallel. The network outlives it.
std::unique_ptr<oci::ImageSource> open_repository(Network& network, const std::string& host, const std::string& path);

struct DestinationOptions {
  UploadJournal* journal = nullptr;  ///< nullptr: uploads of an earlier run are not taken up
  bool keep_going = false;           ///< a failure of one image does not stop the others
};

/// Several repositories of one registry: the host of every image's reference must be `host`. Blobs are uploaded as they
/// are put, manifests and tags at commit(): for all images blobs, children, index, attachments, then tags. A blob that the
/// repository has is not sent, one that another repository of this run has or gets is mounted. The network outlives it.
std::unique_ptr<oci::ImageDestination> make_destination(Network& network, const std::string& host,
                                                        const DestinationOptions& options);

}  // namespace gapstow::registry
