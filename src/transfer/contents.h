// Contents: which blobs make up a set of images, and in which order a bundle holds them. Packing derives a bundle from
// it; verifying derives it once more and compares, so that nothing is missing, superfluous or out of order.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/oci/image_destination.h"
#include "gapstow/oci/manifest.h"

namespace gapstow::transfer {

/// Where the walk takes documents from.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  /// The proven bytes of a manifest or configuration.
  virtual base::Bytes load(const oci::Descriptor& descriptor, std::uint64_t limit) = 0;
  /// The size of a blob that is there, or that its descriptor says where asking would mean a request.
  virtual std::optional<std::uint64_t> size_of(const oci::Descriptor& blob) = 0;
};

/// One image to be walked.
struct ContentRequest {
  std::string reference;
  oci::Descriptor root;
  oci::Binding binding = oci::Binding::manifest;
};

/// Whether a child of an index belongs to what is carried.
using KeepChild = std::function<bool(const oci::Descriptor& child, const std::vector<oci::Descriptor>& siblings)>;

/// What the walk found out about one image.
struct WalkedImage {
  oci::NamedImage named;
  std::vector<std::string> platforms;         ///< present, sorted
  std::vector<digest::Digest> left_out;       ///< children that keep() refused, sorted
  std::size_t own_blobs = 0;                  ///< the first so many of named.blobs belong to the image itself
  std::vector<digest::Digest> manifests;      ///< manifests and indexes met, attachments' included, each once
  std::map<digest::Digest, unsigned> depths;  ///< of those: how many attachments stand between them and the image
  std::set<digest::Digest> seen;              ///< all its blobs
  std::uint64_t bytes = 0;                    ///< all its blobs
  std::size_t blobs = 0;
};

class Contents {
 public:
  Contents(BlobStore& store, KeepChild keep);

  /// Adds an image and its blobs, each blob once. Error{not_found} names a blob that is missing.
  WalkedImage add(const ContentRequest& request);
  /// Adds an attachment to an image that was added last, and gives it as its manifest describes itself: a list of
  /// referrers may have said another artifact type. Error{malformed} when the attachment does not belong to one of the
  /// image's manifests in the way it is said to.
  const oci::Attachment& attach(WalkedImage& image, const oci::Attachment& attachment);

  /// Adds a file that belongs to no image, unless it is there.
  void add_file(const oci::PlannedBlob& file);

  /// How much was added; rewind() takes back what came after it.
  struct Mark {
    std::size_t metadata = 0;
    std::size_t payload = 0;
  };
  Mark mark() const { return {metadata_.size(), payload_.size()}; }
  void rewind(const Mark& mark);

  const std::vector<oci::PlannedBlob>& metadata() const { return metadata_; }
  const std::vector<oci::PlannedBlob>& payload() const { return payload_; }

 private:
  struct Walk;
  /// Where a blob stands and how large it was said to be.
  struct Taken {
    const std::vector<oci::PlannedBlob>* list;
    std::uint64_t size;
  };

  void walk(const oci::Descriptor& at, unsigned depth, Walk& walk);
  void walk_index(const oci::Index& index, unsigned depth, Walk& walk);
  void walk_manifest(const oci::Manifest& manifest, const oci::Descriptor& at, Walk& walk);
  void walk_artifact(const oci::Descriptor& at, unsigned depth, Walk& walk);
  std::vector<digest::Digest> walk_layers(const oci::Manifest& manifest, const std::optional<oci::ImageConfig>& config,
                                          Walk& walk);
  base::Bytes load_document(const oci::Descriptor& descriptor, std::uint64_t limit, Walk& walk);
  static void add_manifest(const digest::Digest& digest, Walk& walk);
  base::Bytes load_again(const oci::Descriptor& descriptor);
  void take(std::vector<oci::PlannedBlob>& list, const oci::Descriptor& blob, Walk& walk);

  BlobStore& store_;
  KeepChild keep_;
  std::map<digest::Digest, Taken> taken_;
  std::vector<oci::PlannedBlob> metadata_;
  std::vector<oci::PlannedBlob> payload_;
};

}  // namespace gapstow::transfer
