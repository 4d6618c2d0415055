#include "pack_chains.h"

#include <algorithm>
#include <set>

#include "attached_chain.h"
#include "chain_name.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/oci/reference.h"
#include "gapstow/tuf/dialect.h"
#include "views.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

void check_name(const std::string& gun, const std::vector<std::shared_ptr<ChainSource>>& sources) {
  if (may_be_chain(gun, sources)) return;
  throw Error(ErrorCode::usage, "'" + base::printable(gun) + "' is no full repository name",
              "write it in full, without tag: docker.io/library/alpine");
}

std::vector<std::string> root_key_ids(const FoundChain& found) {
  const auto root = found.dialect->parse_root(found.files.roots.rbegin()->second);
  std::vector<std::string> ids;
  for (const auto& id : root.body.roles.at(tuf::RoleType::root).key_ids) {
    ids.push_back(found.dialect->canonical_key_id(root.body.keys.at(id)));
  }
  std::ranges::sort(ids);
  return ids;
}

/// The digest of the image as it stands there, before any chain is asked.
digest::Digest digest_there(const ChosenImage& image) {
  if (!image.is_remote) return image.candidates.front().root.digest;
  if (image.digest) return *image.digest;
  if (image.all_tags) {
    throw Error(ErrorCode::usage, "--all-tags and --trust attached do not go together", "name the tags one by one");
  }
  const auto found = image.source->find_tag(image.tag);
  if (!found) throw Error(ErrorCode::not_found, image.source->description() + " has no tag " + image.tag);
  return found->root.digest;
}

/// Of several names of one image, that with the tag under which it was found.
void prefer_tag(std::set<std::string>& origins, const std::string& tag) {
  std::set<std::string> same;
  for (const auto& origin : origins) {
    if (oci::parse_reference(origin).tag == tag) same.insert(origin);
  }
  if (same.size() == 1) origins = std::move(same);
}

std::uint64_t timestamp_version(const FoundChain& chain) {
  return chain.dialect->parse_timestamp(chain.files.timestamp).body.version;
}

ChainShelf::Item make_item(FoundChain found, tuf::VerifiedChain chain, bool first_use, std::size_t index) {
  bundle::ChainRecord record;
  record.folder = chain_folder(index);
  record.dialect = chain.dialect();
  record.gun = chain.gun();
  record.source = found.source;
  record.pin = chain.pin();
  record.first_use = first_use;
  record.root_key_ids = root_key_ids(found);
  ChainOutcome outcome{chain.gun(),   chain.dialect(),      found.source, chain.pin(), first_use, chain.first_root(),
                       chain.roles(), chain.absent_roles(), {},           0,           0,         {}};
  return {std::move(found), std::move(chain), std::move(record), std::move(outcome)};
}

}  // namespace

FoundChain ChainShelf::find(const std::string& gun, const ChainSource::Pins& pins) {
  if (const auto attached = attached_.find(gun); attached != attached_.end()) {
    return attached->second.chain;
  }
  if (request_.chains.empty()) {
    throw Error(ErrorCode::chain_incomplete, "no chain of " + gun + " is attached to its images");
  }
  return find_chain(request_.chains, gun, pins);
}

void ChainShelf::take_attached(ChosenImage& image) {
  std::set<std::string> origins;
  for (auto& each : find_attached_chains(*image.source, digest_there(image))) {
    if (image.is_named && each.gun != image.reference.repository()) continue;
    if (!image.is_named && !is_pinned(each.gun)) continue;
    origins.insert(each.references.begin(), each.references.end());
    const std::uint64_t version = timestamp_version(each.chain);
    const auto at = attached_.find(each.gun);
    if (at != attached_.end() && at->second.version >= version) continue;
    attached_.insert_or_assign(each.gun, Attached{std::move(each.chain), version});
  }
  if (!image.is_named) prefer_tag(origins, image.tag);
  if (origins.size() > 1 && !image.is_named) {
    throw Error(ErrorCode::usage,
                image.source->description() +
                    " was sealed under several names: " + base::join({origins.begin(), origins.end()}, ", "),
                "say which is meant with --name");
  }
  if (!origins.empty()) {
    if (!image.is_named) image.reference = oci::parse_reference(*origins.begin());
    return;
  }
  if (!request_.chains.empty()) return;  // another source may know it
  throw Error(ErrorCode::chain_incomplete,
              "no sealed chain of a pinned repository is attached to " + image.source->description(),
              "import with --attach-chain stores one; else say --trust notary:URL, docker:DIR or dir:DIR");
}

/// Only a chain that can be proven here may name an image.
bool ChainShelf::is_pinned(const std::string& gun) const {
  return request_.first_use || (request_.store != nullptr && !request_.store->pins_for(gun).empty());
}

std::map<std::size_t, std::size_t> ChainShelf::keep_only(const std::set<std::size_t>& used) {
  std::map<std::size_t, std::size_t> places;
  std::vector<Item> kept;
  for (const std::size_t old : used) {
    places.emplace(old, kept.size());
    items_[old].record.folder = chain_folder(kept.size());
    kept.push_back(std::move(items_[old]));
  }
  items_ = std::move(kept);
  return places;
}

std::size_t ChainShelf::index_for(const std::string& gun) {
  if (const auto known = index_.find(gun); known != index_.end()) return known->second;
  check_name(gun, request_.chains);
  std::vector<tuf::RootPin> pins;
  if (request_.store != nullptr) pins = request_.store->pins_for(gun);
  FoundChain found = find(gun, pins);
  const bool first_use = pins.empty() && request_.first_use;
  if (first_use) pins.emplace_back(tuf::FirstUsePin{});
  auto chain = base::with_context("chain of " + gun,
                                  [&] { return tuf::verify_chain(found.files, *found.dialect, gun, pins, when_); });
  items_.push_back(make_item(std::move(found), std::move(chain), first_use, items_.size()));
  return index_.emplace(gun, items_.size() - 1).first->second;
}

}  // namespace gapstow::transfer
