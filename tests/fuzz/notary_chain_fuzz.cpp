// A chain with parts replaced by the input: verification accepts nothing that the good chain does not say, and a
// refused update leaves a trusted set as it was. Input: a byte that says which file, then changes (offset, byte) or a
// whole file.
#include "fuzz/fuzz.h"
#include "gapstow/base/fs.h"
#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/dialect.h"

namespace {

using namespace gapstow;

const std::string kGun = "localhost:5000/lab/app";
const std::string kKey = "9586150e953c3d8010cfa6b8a4b1e71b3134851eb89fab7d50c27c3315b98947";
const base::Time kWhen{1795392000, 0};

tuf::ChainFiles load() {
  base::SystemFs fs;
  const std::string folder = std::string(GAPSTOW_SOURCE_DIR) + "/samples/chains/dct-delegated/";
  const auto read = [&](const std::string& name) { return base::read_file(fs, folder + name, 1 << 20); };
  tuf::ChainFiles files;
  files.roots[1] = read("1.root.json");
  files.timestamp = read("timestamp.json");
  files.snapshot = read("snapshot.json");
  for (const auto* role : {"targets", "targets/alice", "targets/releases"}) {
    files.targets[role] = read(std::string(role) + ".json");
  }
  return files;
}

base::Bytes& file_of(tuf::ChainFiles& files, unsigned which) {
  switch (which % 6) {
    case 0:
      return files.roots[1];
    case 1:
      return files.timestamp;
    case 2:
      return files.snapshot;
    case 3:
      return files.targets["targets"];
    case 4:
      return files.targets["targets/alice"];
    default:
      return files.targets["targets/releases"];
  }
}

/// The first byte chooses a file and (by its top bit) whether the rest is a whole file or triples of offset and byte.
void change(tuf::ChainFiles& files, base::ByteView input) {
  const auto head = std::to_integer<unsigned>(input[0]);
  auto& file = file_of(files, head & 0x7FU);
  input = input.subspan(1);
  if ((head & 0x80U) != 0) {
    file = base::to_bytes(input);
    return;
  }
  for (; input.size() >= 3; input = input.subspan(3)) {
    const std::size_t at = std::to_integer<std::size_t>(input[0]) << 8U | std::to_integer<std::size_t>(input[1]);
    if (!file.empty()) file[at % file.size()] = input[2];
  }
}

}  // namespace

FUZZ_TARGET(input) {
  static const tuf::ChainFiles good = load();
  static const auto proven = tuf::verify_chain(good, tuf::notary_v1(), kGun, {tuf::KeyIdPin{kKey}}, kWhen);
  if (input.empty()) return;
  tuf::ChainFiles files = good;
  change(files, input);
  const auto chain =
      fuzz::accepted([&] { return tuf::verify_chain(files, tuf::notary_v1(), kGun, {tuf::KeyIdPin{kKey}}, kWhen); });
  if (!chain) return;
  fuzz::require(chain->first_root() == 1, "the pinned root is the start");
  for (const auto& target : proven.all_targets()) {
    fuzz::require(chain->find(target.name).target == target.target, "targets are those that were signed");
  }
  fuzz::require(chain->all_targets().size() == proven.all_targets().size(), "no target is added");
}
