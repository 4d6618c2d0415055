// ImageDestination: where proven images are written. Nothing is visible under the final name before commit().
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/oci/attachment.h"
#include "gapstow/oci/descriptor.h"
#include "gapstow/oci/image_source.h"

namespace gapstow::oci {

/// A blob that will come, with its size: archives need the sizes to place what follows.
struct PlannedBlob {
  digest::Digest digest;
  std::uint64_t size = 0;
  std::string media_type;  ///< as the first descriptor said that led to it
};

/// An image as the destination shows it.
struct NamedImage {
  std::string reference;  ///< full reference (host/path:tag): the origin, unless it was renamed
  Descriptor root;        ///< goes into index.json, byte for byte the signed manifest
  Binding binding = Binding::manifest;
  /// What `manifest.json` shows; empty when the image cannot be shown that way.
  struct DockerView {
    digest::Digest config;
    std::vector<digest::Digest> layers;
  };
  std::optional<DockerView> docker;
  std::vector<PlannedBlob>
      blobs;  ///< all that make it up, attachments included; who refers stands before what is referred to
  std::vector<Attachment> attachments;  ///< subjects before what is attached to them
};

/// What becomes, or became, of one image.
struct Delivery {
  std::string name;  ///< under which it is found: "registry.far/mirror/app:1.0@sha256:…", or the destination's own way
  struct Blob {
    enum class Fate { written, mounted, present };
    PlannedBlob blob;
    Fate fate = Fate::written;
  };
  std::vector<Blob> blobs;
  std::optional<base::Error> failure;  ///< the image is not there; only where the destination keeps going
};

class ImageDestination {
 public:
  virtual ~ImageDestination() = default;
  /// Announces everything, once, before the first put(). Refuses what it cannot hold (Error{digest_unavailable}
  /// with the reason), for instance a diff_ids image in a layout.
  virtual void begin(const std::vector<NamedImage>& images, const std::vector<PlannedBlob>& blobs) = 0;
  /// Between begin() and commit(): whether the blob need not be put, because the destination holds it already.
  virtual bool holds(const digest::Digest& digest) const = 0;
  /// A sink for one planned blob; several may be open at once, from several threads. Exactly the planned number
  /// of bytes must be written, then finish(). The bytes are not visible yet. After a failure of the sink it may be
  /// asked for once more when retries() says so.
  virtual std::unique_ptr<base::Sink> put(const digest::Digest& digest) = 0;
  /// Whether putting the blob from its first byte on may help after this failure. False where nothing is remote.
  virtual bool retries(const digest::Digest& digest, const base::Error& failure) = 0;
  /// Called once, before commit(), when every byte is put and proven: does what takes long and shows nothing under a
  /// name yet. Destinations that keep going know afterwards which images fail.
  virtual void settle() {}
  /// Makes everything visible at once. Only called when every byte is proven.
  virtual void commit() = 0;
  /// In the order of begin(): before commit() the plan, after it what was done.
  virtual std::vector<Delivery> deliveries() const = 0;
  virtual std::string description() const = 0;
};

/// oci:DIR[:REF]. Creates the folder or adds to a layout that is there. With a REF (one image only) the index
/// entry carries it as org.opencontainers.image.ref.name instead of the full reference.
std::unique_ptr<ImageDestination> make_oci_folder(base::WriteFs& fs, const std::string& path, std::string reference);
/// oci-archive:FILE[:REF]: an uncompressed, deterministic tar.
std::unique_ptr<ImageDestination> make_oci_archive(base::WriteFs& fs, const std::string& path, std::string reference);
/// docker-archive:FILE: manifest.json over blobs/sha256, and the OCI layout beside it where the image is bound by
/// its manifest, so that docker, podman and containerd load it.
std::unique_ptr<ImageDestination> make_docker_archive(base::WriteFs& fs, const std::string& path);
/// What nodes load images from: the tar of an OCI layout, so that digests stay, and manifest.json beside it for what
/// can be shown that way. Images of any number of platforms; `description` names the destination in reports.
std::unique_ptr<ImageDestination> make_import_archive(base::WriteFs& fs, const std::string& path,
                                                      std::string description);

/// The exact bytes of the three views; a bundle holds the same.
std::string oci_layout_json();
/// Annotations org.opencontainers.image.ref.name and io.containerd.image.name = reference on each entry. Images bound
/// by diff_ids have no entry: what reads a layout would look for the compressed layers. Attachments have none either:
/// what loads a bundle would take them for images.
std::string index_json(const std::vector<NamedImage>& images);
/// Empty when no image has a docker view. RepoTags in Docker's familiar form; images of one config share an item, with
/// the layers of the first.
std::string docker_manifest_json(const std::vector<NamedImage>& images);

}  // namespace gapstow::oci
