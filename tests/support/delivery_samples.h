// Images as a registry destination gets them, and the run that delivers them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gapstow/oci/image_destination.h"
#include "gapstow/registry/repository.h"
#include "support/oci_maker.h"

namespace gapstow::test {

class DeliverySample {
 public:
  /// An image, or an index over two.
  oci::NamedImage& add_image(const std::string& reference, const MadeImage& image);
  oci::NamedImage& add_index(const std::string& reference, const std::vector<MadeImage>& children);
  /// A signature of an image: by `subject`, or under a cosign tag.
  oci::Descriptor add_referrer(oci::NamedImage& image, const oci::Descriptor& subject, const std::string& content);
  oci::Descriptor add_cosign(oci::NamedImage& image, const std::string& content);
  /// One image with one layer of these bytes.
  void add_layer_image(const std::string& reference, const std::string& layer);

  std::vector<oci::NamedImage> images;
  std::map<digest::Digest, std::string> bytes;
  std::vector<oci::PlannedBlob> plan() const;
  const std::string& bytes_of(const digest::Digest& digest) const { return bytes.at(digest); }

 private:
  oci::PlannedBlob keep(const std::string& content, std::string_view media_type);
};

/// {"schemaVersion":2,…}: an index of these.
std::string index_of(const std::vector<oci::Descriptor>& entries);
/// An artifact manifest over a config and one layer.
std::string artifact_manifest(const oci::Descriptor& config, const oci::Descriptor& layer,
                              const std::optional<oci::Descriptor>& subject, const std::string& artifact_type);

/// Puts all that is not held, in pieces, with restarts as the destination allows; then settles and commits.
void deliver(oci::ImageDestination& destination, const DeliverySample& sample);
/// The same without commit().
void put_all(oci::ImageDestination& destination, const DeliverySample& sample);

/// By API and fallback tag, each once.
std::vector<registry::Referrer> referrers_of(const registry::Repository& repository, const digest::Digest& subject);

/// Bytes that differ from place to place, and from seed to seed.
std::string noise(std::size_t size, unsigned seed = 1);

}  // namespace gapstow::test
