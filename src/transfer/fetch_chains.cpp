#include "gapstow/transfer/fetch_chains.h"

#include <set>

#include "chain_name.h"
#include "gapstow/base/workers.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint32_t kFolderMode = 0755;

/// What may be a name leaves no way out of the folder: no part is empty, "." or "..".
void check_gun(const std::string& gun, const PackRequest& request) {
  if (may_be_chain(gun, request.chains)) return;
  throw Error(ErrorCode::invalid_reference, "'" + gun + "' is no full repository name",
              "write it in full, without tag: docker.io/library/alpine");
}

void make_folders(base::WriteFs& fs, const std::string& path) {
  if (path.empty() || path == "/" || path == "." || fs.status(path)) return;
  make_folders(fs, base::parent_folder(path));
  fs.make_folder(path, kFolderMode);
}

FetchedChain fetch_one(const FetchRequest& request, const std::string& gun, const std::string& path,
                       const Surroundings& around) {
  FetchedChain result{gun, path, FetchedChain::Fate::failed, std::nullopt, 0};
  try {
    const auto there = around.fs.status(path);
    if (there && there->kind == base::FileStatus::Kind::regular && !request.refresh) {
      result.fate = FetchedChain::Fate::present;
      result.bytes = there->size;
      return result;
    }
    PackRequest one = request.pack;
    one.images.clear();
    one.guns = {gun};
    one.keep_going = false;
    SilentObserver nobody;
    result.bytes = pack(one, path, {around.fs, around.clock, around.cancel, nobody, 1}).bundle.bundle_size;
    result.fate = FetchedChain::Fate::fetched;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted) throw;
    result.failure = error;
  }
  return result;
}

}  // namespace

std::vector<FetchedChain> fetch_chains(const FetchRequest& request, const Surroundings& around) {
  std::vector<std::string> guns;
  std::set<std::string> known;
  for (const auto& gun : request.guns) {
    check_gun(gun, request.pack);
    if (known.insert(gun).second) guns.push_back(gun);
  }
  for (const auto& gun : guns) make_folders(around.fs, base::parent_folder(request.folder + "/" + gun));
  std::vector<FetchedChain> results(guns.size());
  base::run_parallel(guns.size(), around.jobs, [&](std::size_t i) {
    around.cancel.check();
    results[i] = fetch_one(request, guns[i], request.folder + "/" + guns[i] + ".gapstow", around);
  });
  return results;
}

}  // namespace gapstow::transfer
