#include "pack_chains.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/oci/reference.h"
#include "gapstow/tuf/dialect.h"
#include "views.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

void check_full_name(const std::string& gun) {
  if (oci::parse_reference(gun).repository() == gun) return;
  throw Error(ErrorCode::usage, "'" + gun + "' is no full repository name",
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

ChainShelf::Item make_item(FoundChain found, tuf::VerifiedChain chain, bool first_use, std::size_t index) {
  bundle::ChainRecord record;
  record.folder = chain_folder(index);
  record.dialect = chain.dialect();
  record.gun = chain.gun();
  record.source = found.source;
  record.pin = chain.pin();
  record.first_use = first_use;
  record.root_key_ids = root_key_ids(found);
  ChainOutcome outcome{chain.gun(),        chain.dialect(), found.source,         chain.pin(), first_use,
                       chain.first_root(), chain.roles(),   chain.absent_roles(), {}};
  return {std::move(found.files), std::move(chain), std::move(record), std::move(outcome)};
}

}  // namespace

std::size_t ChainShelf::index_for(const std::string& gun) {
  if (const auto known = index_.find(gun); known != index_.end()) return known->second;
  check_full_name(gun);
  FoundChain found = find_chain(request_.chains, gun);
  std::vector<tuf::RootPin> pins;
  if (request_.store != nullptr) pins = request_.store->pins_for(gun);
  const bool first_use = pins.empty() && request_.first_use;
  if (first_use) pins.emplace_back(tuf::FirstUsePin{});
  auto chain = base::with_context("chain of " + gun,
                                  [&] { return tuf::verify_chain(found.files, *found.dialect, gun, pins, when_); });
  items_.push_back(make_item(std::move(found), std::move(chain), first_use, items_.size()));
  return index_.emplace(gun, items_.size() - 1).first->second;
}

}  // namespace gapstow::transfer
