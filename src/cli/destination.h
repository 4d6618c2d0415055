// DEST of `import` and `copy`, and the options of taking images in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gapstow/cli/arguments.h"
#include "gapstow/cli/terminal.h"
#include "gapstow/oci/image_destination.h"
#include "gapstow/registry/images.h"
#include "gapstow/registry/network.h"
#include "gapstow/registry/upload_journal.h"
#include "gapstow/transfer/pack.h"
#include "gapstow/transfer/verify.h"

namespace gapstow::cli {

/// A destination with what it rests on, and how images are taken in there.
struct Destination {
  std::unique_ptr<registry::Network> network;
  std::unique_ptr<registry::UploadJournal> journal;
  std::unique_ptr<oci::ImageDestination> images;
  transfer::ImportOptions options;
};

struct DestinationRequest {
  /// oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE, containerd:[SOCKET][,namespace=NAME], k3s-dir:DIR or
  /// docker://HOST[/PREFIX]; docker://HOST/REPO:TAG gives one image that name.
  std::string text;
  std::string side;  ///< of the network options: "dest" or empty
  /// How often a blob may be put from its first byte on after a failure: never, when what comes in cannot be read
  /// again.
  unsigned restarts = registry::kDefaultRestarts;
  /// Where the images come from: blobs are mounted from those repositories that are of the destination's registry.
  std::vector<transfer::ImageRequest> images = {};
};
Destination open_destination(const DestinationRequest& request, const Arguments& arguments, Terminal& terminal);

/// --rename, --prefix, --keep-going, --dry-run, --attach-chain, --without-attachments.
const std::vector<Option>& import_options();

}  // namespace gapstow::cli
