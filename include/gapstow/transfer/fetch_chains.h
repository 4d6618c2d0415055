// Capturing the chains of many repositories, one bundle for each, so that a run over thousands of them survives
// failures and can be run again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/transfer/observer.h"
#include "gapstow/transfer/pack.h"

namespace gapstow::transfer {

/// What became of one repository.
struct FetchedChain {
  enum class Fate { fetched, present, failed };
  std::string gun;
  std::string path;  ///< of its bundle: FOLDER/<gun>.gapstow
  Fate fate = Fate::failed;
  std::optional<base::Error> failure;
  std::uint64_t bytes = 0;  ///< of the bundle
};

struct FetchRequest {
  const PackRequest& pack;  ///< chain sources, store, policy, signers; its images and guns are not looked at
  std::vector<std::string> guns;
  std::string folder;    ///< made when it is not there
  bool refresh = false;  ///< a repository whose bundle is there is captured again
};

/// Several repositories at once. Only Error{interrupted} ends it early; everything else is in the results, which are in
/// the order of the request. Error{invalid_reference} for a GUN that is no full repository name, before anything is
/// fetched.
std::vector<FetchedChain> fetch_chains(const FetchRequest& request, const Surroundings& around);

}  // namespace gapstow::transfer
