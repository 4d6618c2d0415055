// Repositories of registries as sources and destinations of images.
#pragma once

#include <memory>
#include <string>

#include "gapstow/oci/image_destination.h"
#include "gapstow/oci/image_source.h"
#include "gapstow/registry/network.h"
#include "gapstow/registry/repository.h"
#include "gapstow/registry/upload_journal.h"

namespace gapstow::registry {

/// docker://HOST/PATH: one repository. It lists no images; they are found by tag and digest. Streams may be read in
/// parallel. The network outlives it.
std::unique_ptr<oci::ImageSource> open_repository(Network& network, const std::string& host, const std::string& path);
/// The same over one server, which outlives it.
std::unique_ptr<oci::ImageSource> open_repository(Repository repository);

inline constexpr unsigned kDefaultRestarts = 3;

struct DestinationOptions {
  UploadJournal* journal = nullptr;  ///< nullptr: uploads of an earlier run are not taken up
  bool keep_going = false;           ///< a failure of one image does not stop the others
  /// How often a blob may be put once more after a failure of the network; 0 where it can be read only once. As long as
  /// there are restarts, the sink of a destination that keeps going throws such a failure, and the images fail at
  /// settle() when nobody put the blob again; without, it swallows the rest.
  unsigned restarts = kDefaultRestarts;
  /// Repositories of the registry that may hold blobs of the images: they are mounted from there. Nothing fails when
  /// one cannot be asked.
  std::vector<std::string> lenders;
};

/// Several repositories of one registry: the host of every image's reference must be `host`. Blobs are uploaded as they
/// are put, manifests and tags at commit(): for all images blobs, children, index, attachments, then tags. A blob that
/// the repository has is not sent, one that another repository of this run has or gets is mounted. The network outlives
/// it.
std::unique_ptr<oci::ImageDestination> make_destination(Network& network, const std::string& host,
                                                        const DestinationOptions& options);
/// The same over one server, which outlives it.
std::unique_ptr<oci::ImageDestination> make_destination(Server& server, const ResumePolicy& policy,
                                                        const DestinationOptions& options);

}  // namespace gapstow::registry
