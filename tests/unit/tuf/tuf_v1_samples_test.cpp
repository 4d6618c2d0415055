// A real repository, made by tuf-on-ci 0.11: it verifies at its reference time, as a chain and as a client sees it.
#include <catch2/catch.hpp>

#include "gapstow/base/fs.h"
#include "gapstow/tuf/chain.h"
#include "support/error_of.h"
#include "support/tuf_samples.h"
#include "support/tuf_updates.h"

using namespace gapstow;
using base::ErrorCode;
using test::error_of;

namespace {

constexpr std::uint64_t kMost = 1ULL << 20;

std::string text_of(const std::string& path) {
  base::SystemFs fs;
  std::string text(base::as_text(base::read_file(fs, path, kMost)));
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

/// The files of a folder, by name.
std::map<std::string, base::Bytes> files_of(const std::string& folder) {
  base::SystemFs fs;
  std::map<std::string, base::Bytes> files;
  for (const auto& name : fs.list(folder)) files[name] = base::read_file(fs, folder + "/" + name, kMost);
  return files;
}

}  // namespace

TEST_CASE("the public repository of tuf-on-ci verifies, target included") {
  const std::string folder = test::public_vectors() + "/tuf-on-ci-0.11";
  base::SystemFs fs;
  if (!fs.status(folder)) {
    WARN("skipped: the public vectors are not there");
    return;
  }
  const std::string target = text_of(folder + "/targetpath");
  std::string when = text_of(folder + "/faketime");
  when.replace(when.find(' '), 1, "T");
  const auto now = base::parse_time(when);
  const auto root = base::read_file(fs, folder + "/initial_root.json", kMost);

  test::MapStore store;
  tuf::Updater::init(store, root);
  test::MapFetcher fetcher(files_of(folder + "/metadata"));
  tuf::Updater updater(fetcher, store, now);
  const auto found = updater.find(target);
  CHECK(found.role == "delegatedrole");
  const auto bytes = base::read_file(fs, folder + "/targets/" + updater.files_of(found).front(), kMost);
  CHECK_NOTHROW(tuf::check_target_bytes(found, bytes));

  tuf::ChainFiles files;
  files.roots[1] = root;
  files.timestamp = fetcher.files.at("timestamp.json");
  files.snapshot = fetcher.files.at("2.snapshot.json");
  files.targets = {{"targets", fetcher.files.at("1.targets.json")},
                   {"delegatedrole", fetcher.files.at("2.delegatedrole.json")}};
  const auto chain = tuf::verify_chain(files, tuf::tuf_v1(), "tuf-on-ci", {tuf::RootFilePin{root}}, now);
  CHECK(chain.find(target).target == found.target);
  CHECK(error_of([&] { chain.find("delegatedrole/other"); }) == ErrorCode::target_missing);
}
