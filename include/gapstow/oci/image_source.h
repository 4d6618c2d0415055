// ImageSource: images in a folder, archive or registry, as blobs by digest. The bytes it gives are *unproven*: whoever
// reads them wraps them in digest::VerifyingSource.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/oci/attachment.h"
#include "gapstow/oci/descriptor.h"
#include "gapstow/oci/manifest.h"

namespace gapstow::oci {

/// How the content of an image is bound to its manifest.
enum class Binding {
  manifest,  ///< every blob that the manifest names is there
  diff_ids,  ///< layers are there uncompressed, bound through config digest and diff_ids
};

/// One image that a source offers.
struct SourceImage {
  Descriptor root;                 ///< manifest or index; of a classic archive without manifest: the config
  std::vector<std::string> names;  ///< reference texts as found: ref.name annotation, RepoTags
  Binding binding = Binding::manifest;
  bool has_manifest = true;  ///< false for a classic docker archive that was not bound
};

class ImageSource {
 public:
  virtual ~ImageSource() = default;
  /// In the order of the source. A repository of a registry lists none: ask it by tag or digest.
  virtual const std::vector<SourceImage>& images() const = 0;
  /// The image under a tag of a repository; nothing where there are no tags.
  virtual std::optional<SourceImage> find_tag(const std::string& tag) = 0;
  /// The image whose manifest or index has this digest.
  virtual std::optional<SourceImage> find_manifest(const digest::Digest& digest) = 0;
  /// All tags of a repository; empty where there are no tags.
  virtual std::vector<std::string> tags() = 0;
  /// What is attached to a manifest directly: referrers and cosign tags, each once. Unproven.
  virtual std::vector<Attachment> attachments(const digest::Digest& subject) = 0;
  /// The size of a blob that is there. A registry is not asked: it is the size that the descriptor says.
  virtual std::optional<std::uint64_t> find(const Descriptor& blob) const = 0;
  /// The bytes of a blob, or of a manifest where the media type says so, unproven; Error{not_found} when it is not
  /// there. The source outlives the stream.
  virtual std::unique_ptr<base::Source> open(const Descriptor& blob) = 0;
  /// True when open() may be called, and its streams be read, from several threads at once.
  virtual bool is_parallel() const = 0;
  /// "oci-archive:app.tar", for messages.
  virtual std::string description() const = 0;
};

/// A whole small blob, proven to be what its descriptor says.
base::Bytes read_blob(ImageSource& source, const Descriptor& descriptor, std::uint64_t limit);

/// TRANSPORT:PATH[:REF]; the path ends at the first colon behind it, as in skopeo. Or docker://REFERENCE.
struct ImageLocation {
  enum class Transport { oci, oci_archive, docker_archive, docker };
  Transport transport = Transport::oci;
  std::string path;       ///< of docker: the whole behind "docker://", as given
  std::string reference;  ///< empty when there is none
  std::string text() const;
};
/// Error{usage} for unknown transports (names the known ones) and empty paths.
ImageLocation parse_location(std::string_view text);

/// A folder in OCI image layout.
std::unique_ptr<ImageSource> open_oci_folder(base::ReadFs& fs, const std::string& path);
/// A tar (plain, gzip, zstd) of one.
std::unique_ptr<ImageSource> open_oci_archive(base::ReadFs& fs, const std::string& path);
/// A docker archive: one with blobs/sha256 (Docker 25 and later) or a classic one with layer.tar. `manifests` are
/// manifests known from elsewhere (--manifest FILE): an image whose config is the one such a manifest names is
/// bound to it by diff_ids.
std::unique_ptr<ImageSource> open_docker_archive(base::ReadFs& fs, const std::string& path,
                                                 const std::vector<base::Bytes>& manifests);

}  // namespace gapstow::oci
