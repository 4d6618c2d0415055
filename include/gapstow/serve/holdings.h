// Holdings: everything that is served at one moment. A reload makes new ones and swaps them in; requests that are being
// answered keep the old ones.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/enforce/judge.h"
#include "gapstow/serve/catalog.h"
#include "gapstow/transfer/held.h"
#include "gapstow/trust/state.h"
#include "gapstow/trust/store.h"

namespace gapstow::serve {

/// Immutable; any number of threads.
struct Holdings {
  Holdings(std::vector<Bundle> held, Catalog offered, enforce::Judge decides, base::Time when)
      : bundles(std::move(held)), catalog(std::move(offered)), judge(std::move(decides)), loaded_at(when) {}
  std::vector<Bundle> bundles;
  Catalog catalog;
  enforce::Judge judge;
  base::Time loaded_at;
};

/// Where holdings come from; the same at start and at every reload.
struct HoldingsRequest {
  std::vector<std::string> bundles;  ///< operands: files, parts, folders
  std::string trust_store;           ///< folder
  std::string state;                 ///< path of the state database; need not be there
  std::string snapshot;              ///< decision file; empty: decided from the bundles alone
  trust::RunPolicy policy;
  std::optional<base::Time> at;
};

/// Loads everything; `before` is what is served until then, or nullptr. Error{rollback} for a decision file
/// older than the one before, and where the newest chain of a repository is older than before.
std::shared_ptr<const Holdings> load_holdings(const HoldingsRequest& request, const Holdings* before,
                                              const transfer::Surroundings& around);

/// The current holdings, for many readers and one writer.
class HoldingsCell {
 public:
  explicit HoldingsCell(std::shared_ptr<const Holdings> first) : current_(std::move(first)) {}
  std::shared_ptr<const Holdings> get() const { return current_.load(); }
  void set(std::shared_ptr<const Holdings> next) { current_.store(std::move(next)); }

 private:
  std::atomic<std::shared_ptr<const Holdings>> current_;
};

}  // namespace gapstow::serve
