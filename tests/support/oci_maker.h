// Small images for tests, and their layouts and docker archives.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gapstow/oci/image_destination.h"
#include "gapstow/oci/image_source.h"
#include "support/tar_maker.h"

namespace gapstow::test {

digest::Digest digest_of(std::string_view bytes);
oci::Descriptor descriptor_of(std::string_view bytes, std::string_view media_type);
/// A descriptor to look a blob up with: only its digest is right.
oci::Descriptor blob_of(const digest::Digest& digest);
/// {"mediaType":…,"digest":…,"size":…} as text.
std::string descriptor_json(const oci::Descriptor& descriptor);

/// An image of gzip layers with its configuration and manifest.
struct MadeImage {
  std::vector<std::string> plain;   ///< layers, uncompressed
  std::vector<std::string> packed;  ///< layers as the manifest names them
  std::string config;
  std::string manifest;
  oci::Descriptor root;
  std::vector<std::string> diff_ids() const;
  /// Every blob by digest.
  std::map<digest::Digest, std::string> blobs() const;
  /// As a destination gets it.
  oci::NamedImage named(const std::string& reference) const;
  std::vector<oci::PlannedBlob> plan() const;
};

MadeImage make_image(const std::string& seed, std::size_t layers = 2,
                     std::string_view media_type = oci::kDockerManifest);

/// A manifest of an artifact with one layer, `seed`, that names `subject` where one is given.
MadeImage make_artifact(const std::string& seed, const oci::Descriptor* subject,
                        const std::string& artifact_type = "application/vnd.example.signature");
/// The attachment that an artifact is to its subject.
oci::Attachment referrer_of(const MadeImage& artifact, const oci::Descriptor& subject,
                            const std::string& artifact_type = "application/vnd.example.signature");

/// index.json over these, each entry with a ref.name unless that is empty.
std::string layout_index(const std::vector<std::pair<std::string, oci::Descriptor>>& entries);
/// The files of a layout with these blobs.
std::map<std::string, std::string> layout_files(const std::map<digest::Digest, std::string>& blobs,
                                                const std::string& index);
std::string tar_of(const std::map<std::string, std::string>& files);

/// Writes all blobs of the images and commits.
void write_images(oci::ImageDestination& destination, const std::vector<oci::NamedImage>& named,
                  const std::vector<MadeImage>& images);

}  // namespace gapstow::test
