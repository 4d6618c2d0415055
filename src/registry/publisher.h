// Publisher: manifests on their way into repositories, first by digest, then under names.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "delivery_plan.h"
#include "findings.h"
#include "image_failures.h"

namespace gapstow::registry {

/// Safe to use from several threads where it says so. All references outlive it.
class Publisher {
 public:
  Publisher(const DeliveryPlan& plan, const std::vector<Holdings>& holdings, ImageFailures& failures)
      : plan_(plan), holdings_(holdings), failures_(failures) {}

  /// Keeps a manifest until it is sent. From any thread.
  void keep(const digest::Digest& digest, base::Bytes bytes);
  /// Sends the manifests of every image that has not failed, by digest: children, root, attachments.
  void store();
  /// Sends the names of what is stored: lists of referrers and cosign's tags first, then, when all images are through,
  /// their own tags.
  void name();

 private:
  struct Listing {
    std::size_t home = 0;
    digest::Digest subject;
    std::vector<std::size_t> images;
    std::vector<const oci::Attachment*> attachments;
  };
  struct Tag {
    std::size_t home = 0;
    std::string tag;
    digest::Digest digest;
    std::vector<std::size_t> images;
  };

  const base::Bytes& bytes_of(const digest::Digest& digest) const;
  std::vector<digest::Digest> order_of(const PlannedImage& image) const;
  std::set<digest::Digest> below(const digest::Digest& root) const;
  void store_image(const PlannedImage& image);
  void store_manifest(std::size_t home, const digest::Digest& digest);
  bool lacks_children(const PlannedImage& image) const;
  std::vector<Listing> listings() const;
  Referrer entry_of(const oci::Attachment& attachment) const;
  void list_referrers(const Listing& listing) const;
  std::vector<Tag> tags_of(std::map<std::string, digest::Digest> Home::* which) const;
  std::size_t rank_of(const digest::Digest& digest) const;
  void put_tags(std::map<std::string, digest::Digest> Home::* which);
  void put_tag(const Tag& tag);
  std::vector<std::size_t> standing(const std::vector<std::size_t>& images) const;

  const DeliveryPlan& plan_;
  const std::vector<Holdings>& holdings_;
  ImageFailures& failures_;
  std::map<digest::Digest, base::Bytes> manifests_;
  using Stored = std::pair<std::size_t, digest::Digest>;  ///< a manifest in a home
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<Stored> in_work_;
  std::set<Stored> stored_;  ///< by this run
};

}  // namespace gapstow::registry
