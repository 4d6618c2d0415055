#include "support/tuf_samples.h"

#include <stdexcept>

#include "gapstow/base/fs.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::test {
namespace {

constexpr std::uint64_t kMost = 1ULL << 20;

void read_targets(base::SystemFs& fs, const std::string& folder, const std::string& role, tuf::ChainFiles& files) {
  const std::string path = folder + "/" + role;
  if (fs.status(path + ".json")) files.targets[role] = base::read_file(fs, path + ".json", kMost);
  if (!fs.status(path)) return;
  for (const auto& name : fs.list(path)) {
    if (name.ends_with(".json")) read_targets(fs, folder, role + "/" + name.substr(0, name.size() - 5), files);
  }
}

}  // namespace

std::optional<tuf::ChainFiles> read_chain(const std::string& folder) {
  base::SystemFs fs;
  if (!fs.status(folder)) return std::nullopt;
  tuf::ChainFiles files;
  for (const auto& name : fs.list(folder)) {
    if (!name.ends_with("root.json")) continue;
    auto raw = base::read_file(fs, folder + "/" + name, kMost);
    files.roots[tuf::notary_v1().parse_root(raw).body.version] = raw;
  }
  files.timestamp = base::read_file(fs, folder + "/timestamp.json", kMost);
  files.snapshot = base::read_file(fs, folder + "/snapshot.json", kMost);
  read_targets(fs, folder, "targets", files);
  return files;
}

tuf::ChainFiles sample_files(const std::string& name) {
  auto files = read_chain(std::string(GAPSTOW_SOURCE_DIR) + "/samples/chains/" + name);
  if (!files) throw std::runtime_error("samples/chains/" + name + " is missing");
  return *std::move(files);
}

std::string public_vectors() { return std::string(GAPSTOW_SOURCE_DIR) + "/../shared/vectors/public"; }

}  // namespace gapstow::test
