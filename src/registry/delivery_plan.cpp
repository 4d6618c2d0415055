#include "delivery_plan.h"

#include <algorithm>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/oci/manifest.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

bool is_manifest_type(std::string_view media_type) {
  return oci::is_image_manifest(media_type) || oci::is_index(media_type);
}

void check_image(const PlannedImage& image, const std::string& host) {
  const auto& reference = image.reference;
  if (reference.host != host) {
    throw Error(ErrorCode::internal, image.named.reference + " is not for the registry " + host);
  }
  if (reference.digest && *reference.digest != image.named.root.digest) {
    throw Error(ErrorCode::internal, image.named.reference + " is the name of another image");
  }
  if (image.named.binding == oci::Binding::diff_ids) {
    throw Error(
        ErrorCode::digest_unavailable,
        image.named.reference + ": the signed manifest names compressed layers, and only uncompressed ones are here",
        "import to docker-archive:FILE, or pack again from a registry or an OCI layout");
  }
}

/// All that make an image up, each once: blobs and manifests.
std::map<digest::Digest, oci::PlannedBlob> parts_of(const oci::NamedImage& image) {
  std::map<digest::Digest, oci::PlannedBlob> parts;
  for (const auto& blob : image.blobs) parts.emplace(blob.digest, blob);
  const auto add_manifest = [&](const oci::Descriptor& root) {
    parts[root.digest] = {root.digest, root.size, root.media_type};
  };
  add_manifest(image.root);
  for (const auto& attachment : image.attachments) add_manifest(attachment.root);
  return parts;
}

/// One content for each tag.
void claim_tag(std::map<std::string, digest::Digest>& tags, const std::string& tag, const digest::Digest& digest,
               const std::string& name) {
  const auto [at, added] = tags.emplace(tag, digest);
  if (added || at->second == digest) return;
  throw Error(ErrorCode::conflict, name + " would be " + at->second.short_text() + " and " + digest.short_text(),
              "import the two images under different names: --rename FROM=TO");
}

class Planner {
 public:
  Planner(DeliveryPlan& plan, const MakeRepository& make_repository) : plan_(plan), make_repository_(make_repository) {}

  void add(PlannedImage image) {
    const std::size_t index = plan_.images.size();
    image.home = home_of(image.reference.path);
    Home& home = plan_.homes[image.home];
    home.images.push_back(index);
    for (const auto& [digest, part] : parts_of(image.named)) {
      home.needed[digest].push_back(index);
      add_part(part);
    }
    if (!image.reference.tag.empty()) claim_tag(home.tags, image.reference.tag, image.named.root.digest, image.name());
    for (const auto& attachment : image.named.attachments) {
      if (attachment.kind != oci::Attachment::Kind::cosign) continue;
      claim_tag(home.cosign_tags, attachment.tag, attachment.root.digest,
                image.reference.repository() + ":" + attachment.tag);
    }
    plan_.images.push_back(std::move(image));
  }

 private:
  std::size_t home_of(const std::string& path) {
    const auto [at, added] = homes_.emplace(path, plan_.homes.size());
    if (added) plan_.homes.push_back(Home{make_repository_(path, Access::push), {}, {}, {}, {}});
    return at->second;
  }

  void add_part(const oci::PlannedBlob& part) {
    if (!is_manifest_type(part.media_type)) {
      plan_.blobs.emplace(part.digest, part);
      return;
    }
    base::check_limit(part.size, oci::kMaxManifestBytes, "size of manifest " + part.digest.short_text());
    plan_.manifests.emplace(part.digest, part);
  }

  DeliveryPlan& plan_;
  const MakeRepository& make_repository_;
  std::map<std::string, std::size_t> homes_;
};

}  // namespace

std::string PlannedImage::name() const {
  return reference.tag.empty() ? reference.repository() + "@" + named.root.digest.text()
                               : reference.repository() + ":" + reference.tag;
}

DeliveryPlan make_plan(const std::string& host, const std::vector<oci::NamedImage>& images,
                       const std::vector<oci::PlannedBlob>& blobs, const MakeRepository& make_repository) {
  DeliveryPlan plan;
  Planner planner(plan, make_repository);
  for (const auto& named : images) {
    PlannedImage image{named, oci::parse_reference(named.reference, false), 0};
    check_image(image, host);
    planner.add(std::move(image));
  }
  // What one image names as a manifest is a manifest for all; and what no image names is announced for nothing.
  for (const auto& [digest, manifest] : plan.manifests) plan.blobs.erase(digest);
  for (const auto& blob : blobs) {
    if (!plan.blobs.contains(blob.digest) && !plan.manifests.contains(blob.digest)) {
      throw Error(ErrorCode::internal, "blob " + blob.digest.short_text() + " belongs to no image");
    }
  }
  return plan;
}

void add_lenders(DeliveryPlan& plan, const std::vector<std::string>& lenders, const MakeRepository& make_repository) {
  for (const auto& path : lenders) {
    const auto same = [&](const Home& home) { return home.repository.path() == path; };
    if (std::ranges::any_of(plan.homes, same)) continue;
    Home lender{make_repository(path, Access::pull), {}, {}, {}, {}};
    for (const auto& [digest, blob] : plan.blobs) lender.needed.try_emplace(digest);
    plan.homes.push_back(std::move(lender));
  }
}

}  // namespace gapstow::registry
