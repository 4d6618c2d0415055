// DeliveryPlan: which repositories get what of the images of a run, before anything was asked or sent.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gapstow/oci/image_destination.h"
#include "gapstow/oci/reference.h"
#include "gapstow/registry/repository.h"

namespace gapstow::registry {

struct PlannedImage {
  oci::NamedImage named;
  oci::Reference reference;
  std::size_t home = 0;  ///< its repository in DeliveryPlan::homes
  /// "localhost:5000/team/app:1.0", or by digest where there is no tag.
  std::string name() const;
};

/// One repository of the run. A lender has no images; its blobs may be mounted.
struct Home {
  Repository repository;
  std::vector<std::size_t> images;                            ///< in DeliveryPlan::images
  std::map<digest::Digest, std::vector<std::size_t>> needed;  ///< blobs and manifests, and the images that need them
  std::map<std::string, digest::Digest> tags;                 ///< of images
  std::map<std::string, digest::Digest> cosign_tags;
};

/// Where repositories are made.
using MakeRepository = std::function<Repository(const std::string& path, Access access)>;

struct DeliveryPlan {
  std::vector<PlannedImage> images;
  std::vector<Home> homes;
  std::map<digest::Digest, oci::PlannedBlob> blobs;      ///< what goes to blobs/…
  std::map<digest::Digest, oci::PlannedBlob> manifests;  ///< what goes to manifests/…
};

/// Error{internal} for references to other hosts, Error{digest_unavailable} for images that are bound by diff_ids,
/// Error{conflict} for two contents under one tag, Error{limit_exceeded} for manifests that no registry must take.
DeliveryPlan make_plan(const std::string& host, const std::vector<oci::NamedImage>& images,
                       const std::vector<oci::PlannedBlob>& blobs, const MakeRepository& make_repository);

/// Asks these repositories too which blobs they have.
void add_lenders(DeliveryPlan& plan, const std::vector<std::string>& lenders, const MakeRepository& make_repository);

}  // namespace gapstow::registry
