// The chains of one pack run: fetched and proven once for each repository.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gapstow/bundle/statement.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/transfer/pack.h"
#include "gapstow/tuf/chain.h"
#include "pack_images.h"

namespace gapstow::transfer {

class ChainShelf {
 public:
  /// `when`: the clock for certificate authorities.
  ChainShelf(const PackRequest& request, base::Time when) : request_(request), when_(when) {}

  /// The place of the repository's chain; fetches and proves it the first time.
  std::size_t index_for(const std::string& gun);
  /// Looks for sealed chains that are attached to the image. The newest of a repository is the one that index_for()
  /// proves. Unless the image was named, it gets the name under which it was sealed. Error{chain_incomplete} when there
  /// is none.
  void take_attached(ChosenImage& image);

  struct Item {
    FoundChain found;
    tuf::VerifiedChain chain;
    bundle::ChainRecord record;  ///< without its files
    ChainOutcome outcome;        ///< without its expiry
  };
  Item& at(std::size_t index) { return items_[index]; }
  /// Drops the others; gives the new place of each by its old one. index_for() is not called any more.
  std::map<std::size_t, std::size_t> keep_only(const std::set<std::size_t>& used);
  std::vector<Item>& items() { return items_; }

 private:
  /// An attached chain, and how new it says it is.
  struct Attached {
    FoundChain chain;
    std::uint64_t version = 0;
  };
  FoundChain find(const std::string& gun, const ChainSource::Pins& pins);
  bool is_pinned(const std::string& gun) const;

  const PackRequest& request_;
  base::Time when_;
  std::map<std::string, std::size_t> index_;
  std::map<std::string, Attached> attached_;  ///< the newest, by GUN
  std::vector<Item> items_;
};

}  // namespace gapstow::transfer
