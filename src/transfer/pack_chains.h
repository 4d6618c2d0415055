// The chains of one pack run: fetched and proven once for each repository.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gapstow/bundle/statement.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/transfer/pack.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::transfer {

class ChainShelf {
 public:
  /// `when`: the clock for certificate authorities.
  ChainShelf(const PackRequest& request, base::Time when) : request_(request), when_(when) {}

  /// The place of the repository's chain; fetches and proves it the first time.
  std::size_t index_for(const std::string& gun);

  struct Item {
    tuf::ChainFiles files;
    tuf::VerifiedChain chain;
    bundle::ChainRecord record;  ///< without its files
    ChainOutcome outcome;        ///< without its expiry
  };
  Item& at(std::size_t index) { return items_[index]; }
  std::vector<Item>& items() { return items_; }

 private:
  const PackRequest& request_;
  base::Time when_;
  std::map<std::string, std::size_t> index_;
  std::vector<Item> items_;
};

}  // namespace gapstow::transfer
