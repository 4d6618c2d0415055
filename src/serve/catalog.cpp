#include "gapstow/serve/catalog.h"

#include <algorithm>
#include <set>

#include "gapstow/oci/reference.h"

namespace gapstow::serve {
namespace {

bool is_manifest(const std::string& media_type) {
  return oci::is_image_manifest(media_type) || oci::is_index(media_type);
}

std::string_view path_of(std::string_view origin) { return origin.substr(origin.find('/') + 1); }

void add_owner(CatalogBlob& blob, const digest::Digest& image) {
  if (std::ranges::find(blob.images, image) == blob.images.end()) blob.images.push_back(image);
}

void add_copy(CatalogBlob& blob, const Bundle& bundle, std::size_t entry) {
  if (blob.copies.empty() || blob.copies.back().bundle != bundle) blob.copies.push_back({bundle, entry});
}

}  // namespace

Catalog::Catalog(const std::vector<Bundle>& bundles) {
  for (const auto& bundle : bundles) {
    for (std::size_t i = 0; i < bundle->kept().images.size(); ++i) add_image(bundle, i);
    for (std::size_t i = 0; i < bundle->kept().chains.size(); ++i) add_chain(bundle, i);
  }
  for (const auto& [origin, repository] : repositories_) origins_[std::string(path_of(origin))].push_back(origin);
}

void Catalog::add_image(const Bundle& bundle, std::size_t index) {
  const auto& named = bundle->kept().images[index];
  const auto& outcome = bundle->outcome().images[index];
  const auto reference = oci::parse_reference(named.reference, false);
  auto& repository = repositories_[reference.repository()];
  repository.origin = reference.repository();

  const Age age = age_of(bundle->outcome(), outcome);
  const auto [known, added] = tag_ages_.try_emplace(named.reference, age);
  if (!reference.tag.empty() && (added || known->second <= age)) {
    known->second = age;
    repository.tags[reference.tag] = named.root.digest;
  }
  for (const auto& platform : outcome.record.left_out) repository.left_out[platform] = named.reference;
  // Layers bound by diff_ids are there uncompressed: nothing that the manifest names could be served.
  if (named.binding != oci::Binding::manifest) return;

  const std::set<digest::Digest> own(outcome.manifests.begin(), outcome.manifests.end());
  for (const auto& planned : named.blobs) {
    const auto [at, is_new] = repository.blobs.try_emplace(planned.digest);
    auto& blob = at->second;
    add_owner(blob, named.root.digest);
    if (const auto entry = bundle->payload(planned.digest)) add_copy(blob, bundle, *entry);
    if (!is_new) continue;
    blob.media_type = planned.media_type;
    blob.size = planned.size;
    const auto document = bundle->kept().documents.find(planned.digest);
    if (document == bundle->kept().documents.end()) continue;
    blob.document = document->second;
    blob.is_manifest = is_manifest(planned.media_type);
    blob.is_attachment = blob.is_manifest && !own.contains(planned.digest);
  }
  for (const auto& attachment : named.attachments) {
    if (!attachment.tag.empty()) repository.attachment_tags[attachment.tag] = attachment.root.digest;
    if (attachment.kind != oci::Attachment::Kind::referrer) continue;
    auto& list = repository.referrers[attachment.subject];
    if (std::ranges::find(list, attachment) == list.end()) list.push_back(attachment);
  }
}

void Catalog::add_chain(const Bundle& bundle, std::size_t index) {
  const auto& record = bundle->bundle().statement().chains[index];
  // A chain that is older than what this site has seen would take others back who have seen nothing yet.
  if (record.dialect != "notary-v1" || bundle->is_rolled_back(index)) return;
  const Age age = age_of(bundle->outcome(), index);
  const auto [known, added] = chain_ages_.try_emplace(record.gun, age);
  if (!added && age < known->second) return;
  known->second = age;

  const auto& files = bundle->kept().chains[index];
  const auto share = [](const base::Bytes& bytes) { return std::make_shared<const base::Bytes>(bytes); };
  CatalogChain chain{bundle, index, {}};
  for (const auto& [version, bytes] : files.roots) {
    chain.files["root"] = chain.files[std::to_string(version) + ".root"] = share(bytes);
  }
  chain.files["timestamp"] = share(files.timestamp);
  chain.files["snapshot"] = share(files.snapshot);
  for (const auto& [role, bytes] : files.targets) chain.files[role] = share(bytes);
  for (const auto& role : bundle->outcome().chains[index].roles) {
    chain.files[std::to_string(role.version) + "." + role.name] = chain.files.at(role.name);
  }
  chains_[record.gun] = std::move(chain);
}

const CatalogRepository* Catalog::find(std::string_view origin) const {
  const auto found = repositories_.find(origin);
  return found == repositories_.end() ? nullptr : &found->second;
}

const CatalogChain* Catalog::chain(std::string_view gun) const {
  const auto found = chains_.find(gun);
  return found == chains_.end() ? nullptr : &found->second;
}

std::vector<const CatalogRepository*> Catalog::with_path(std::string_view path) const {
  std::vector<const CatalogRepository*> found;
  const auto origins = origins_.find(path);
  if (origins == origins_.end()) return found;
  for (const auto& origin : origins->second) found.push_back(find(origin));
  return found;
}

}  // namespace gapstow::serve
