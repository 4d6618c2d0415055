#include "publisher.h"

#include <algorithm>
#include <iterator>

#include "gapstow/base/error.h"
#include "gapstow/base/workers.h"
#include "gapstow/oci/manifest.h"
#include "referrers_index.h"

namespace gapstow::registry {

using base::Error;
using base::ErrorCode;

void Publisher::keep(const digest::Digest& digest, base::Bytes bytes) {
  const std::lock_guard lock(mutex_);
  manifests_[digest] = std::move(bytes);
}

const base::Bytes& Publisher::bytes_of(const digest::Digest& digest) const {
  const auto found = manifests_.find(digest);
  if (found != manifests_.end()) return found->second;
  throw Error(ErrorCode::internal, "manifest " + digest.short_text() + " was not put");
}

/// All that an index names, over all levels.
std::set<digest::Digest> Publisher::below(const digest::Digest& root) const {
  std::set<digest::Digest> found;
  std::vector<digest::Digest> open{root};
  while (!open.empty()) {
    const auto digest = open.back();
    open.pop_back();
    const auto planned = plan_.manifests.find(digest);
    if (planned == plan_.manifests.end() || !oci::is_index(planned->second.media_type)) continue;
    const auto document = oci::parse_manifest(bytes_of(digest), planned->second.media_type);
    for (const auto& child : std::get<oci::Index>(document).manifests) {
      if (found.insert(child.digest).second) open.push_back(child.digest);
    }
  }
  return found;
}

/// What is referred to before who refers; attachments behind the image, unless they are parts of it too.
std::vector<digest::Digest> Publisher::order_of(const PlannedImage& image) const {
  const auto& root = image.named.root.digest;
  std::set<digest::Digest> late{root};
  std::vector<digest::Digest> tail{root};
  if (!image.named.attachments.empty()) {
    const auto parts = below(root);
    for (const auto& attachment : image.named.attachments) {
      const auto& digest = attachment.root.digest;
      if (!parts.contains(digest) && late.insert(digest).second) tail.push_back(digest);
    }
  }
  std::vector<digest::Digest> order;
  const auto& blobs = image.named.blobs;
  for (auto blob = blobs.rbegin(); blob != blobs.rend(); ++blob) {
    if (plan_.manifests.contains(blob->digest) && late.insert(blob->digest).second) order.push_back(blob->digest);
  }
  std::ranges::move(tail, std::back_inserter(order));
  return order;
}

void Publisher::store() {
  base::run_parallel(plan_.images.size(), kParallelCalls, [&](std::size_t i) {
    if (failures_.has_failed(i)) return;
    try {
      store_image(plan_.images[i]);
    } catch (Error& failure) {
      if (lacks_children(plan_.images[i])) {
        failure.advise(
            "some registries keep no index whose children were left out: pack without --platform, or import "
            "to oci-archive:FILE");
      }
      failures_.record({i}, failure.within(plan_.images[i].name()));
    }
  });
}

void Publisher::store_image(const PlannedImage& image) {
  for (const auto& digest : order_of(image)) store_manifest(image.home, digest);
}

bool Publisher::lacks_children(const PlannedImage& image) const {
  const auto& needed = plan_.homes[image.home].needed;
  return std::ranges::any_of(below(image.named.root.digest),
                             [&](const auto& child) { return !needed.contains(child); });
}

/// Registries do not all replace a manifest at a stroke: while it is stored once more, an index that names it is
/// refused. So each is stored once, and who needs it waits for whoever stores it.
void Publisher::store_manifest(std::size_t home, const digest::Digest& digest) {
  const Stored key{home, digest};
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !in_work_.contains(key); });
  if (holdings_[home].manifests.contains(digest) || stored_.contains(key)) return;
  in_work_.insert(key);
  lock.unlock();
  const auto end_work = [&](bool stored) {
    const std::lock_guard again(mutex_);
    in_work_.erase(key);
    if (stored) stored_.insert(key);
    changed_.notify_all();
  };
  try {
    plan_.homes[home].repository.put_manifest(digest.text(), plan_.manifests.at(digest).media_type, bytes_of(digest));
  } catch (...) {
    end_work(false);
    throw;
  }
  end_work(true);
}

void Publisher::name() {
  const auto lists = listings();
  base::run_parallel(lists.size(), kParallelCalls, [&](std::size_t i) {
    try {
      list_referrers(lists[i]);
    } catch (const Error& failure) {
      failures_.record(lists[i].images, failure);
    }
  });
  put_tags(&Home::cosign_tags);
  put_tags(&Home::tags);
}

std::vector<std::size_t> Publisher::standing(const std::vector<std::size_t>& images) const {
  std::vector<std::size_t> standing;
  std::ranges::copy_if(images, std::back_inserter(standing), [&](std::size_t i) { return !failures_.has_failed(i); });
  return standing;
}

/// One list for each subject in each repository.
std::vector<Publisher::Listing> Publisher::listings() const {
  std::map<std::pair<std::size_t, digest::Digest>, Listing> lists;
  for (std::size_t i = 0; i < plan_.images.size(); ++i) {
    if (failures_.has_failed(i)) continue;
    const auto& image = plan_.images[i];
    for (const auto& attachment : image.named.attachments) {
      if (attachment.kind != oci::Attachment::Kind::referrer) continue;
      Listing& list = lists[{image.home, attachment.subject}];
      list.home = image.home;
      list.subject = attachment.subject;
      list.images.push_back(i);
      list.attachments.push_back(&attachment);
    }
  }
  std::vector<Listing> all;
  for (auto& [key, list] : lists) all.push_back(std::move(list));
  return all;
}

Referrer Publisher::entry_of(const oci::Attachment& attachment) const {
  auto entry = describe_referrer(attachment.root, bytes_of(attachment.root.digest));
  if (entry.artifact_type.empty()) entry.artifact_type = attachment.artifact_type;
  return entry;
}

/// Whatever the registry does itself: one that has no referrers API, or a client that does not know it, finds them
/// here.
void Publisher::list_referrers(const Listing& listing) const {
  const Repository& repository = plan_.homes[listing.home].repository;
  const std::string tag = oci::referrers_tag(listing.subject);
  std::vector<Referrer> entries;
  for (const auto* attachment : listing.attachments) entries.push_back(entry_of(*attachment));
  const auto found = repository.get_manifest(tag);
  base::with_context("tag " + tag + " of " + repository.name(), [&] {
    const bool is_list = found && found->descriptor.digest != listing.subject;
    const auto changed = add_referrers(is_list ? base::ByteView(found->bytes) : base::ByteView{}, entries);
    if (changed) repository.put_manifest(tag, std::string(oci::kOciIndex), base::as_bytes(*changed));
  });
}

std::vector<Publisher::Tag> Publisher::tags_of(std::map<std::string, digest::Digest> Home::* which) const {
  std::vector<Tag> tags;
  for (std::size_t home = 0; home < plan_.homes.size(); ++home) {
    const Home& at = plan_.homes[home];
    for (const auto& [tag, digest] : at.*which) {
      auto images = standing(at.needed.at(digest));
      if (which == &Home::tags) {
        std::erase_if(images, [&](std::size_t i) { return plan_.images[i].reference.tag != tag; });
      }
      if (!images.empty() && !holdings_[home].tags.contains(tag))
        tags.push_back({home, tag, digest, std::move(images)});
    }
  }
  return tags;
}

/// How many indexes are in it: more in an index than in any of its parts.
std::size_t Publisher::rank_of(const digest::Digest& digest) const {
  const auto is_index = [&](const auto& each) {
    const auto planned = plan_.manifests.find(each);
    return planned != plan_.manifests.end() && oci::is_index(planned->second.media_type);
  };
  if (!is_index(digest)) return 0;
  return 1 + static_cast<std::size_t>(std::ranges::count_if(below(digest), is_index));
}

/// A tag stores its manifest once more: those of an index's parts are through before that of the index begins.
void Publisher::put_tags(std::map<std::string, digest::Digest> Home::* which) {
  std::map<std::size_t, std::vector<Tag>> rounds;
  for (auto& tag : tags_of(which)) rounds[rank_of(tag.digest)].push_back(std::move(tag));
  for (const auto& [rank, tags] : rounds) {
    base::run_parallel(tags.size(), kParallelCalls, [&](std::size_t i) { put_tag(tags[i]); });
  }
}

void Publisher::put_tag(const Tag& tag) {
  try {
    const auto& manifest = plan_.manifests.at(tag.digest);
    plan_.homes[tag.home].repository.put_manifest(tag.tag, manifest.media_type, bytes_of(tag.digest));
  } catch (const Error& failure) {
    failures_.record(tag.images, failure);
  }
}

}  // namespace gapstow::registry
