// make_spoiled FOLDER: every spoiled Notary repository of tests/support/spoiling.h as a Notary server would serve it,
// for the real client to judge. Below FOLDER, by number:
//   N/v2/GUN/_trust/tuf/…     the files by plain name, and roots by version; "before" and "good" are what they say
//   N/notary.json             a client's configuration that pins the root keys of the newest root
// and in cases.tsv a line for each reading: number, spoiling, role, state, what gapstow says ("ok" or a code), and the
// table's reason why gapstow may be stricter than the client, or "-".
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "gapstow/json/write.h"
#include "support/spoiling_lab.h"
#include "support/spoiling_table.h"

using namespace gapstow;
using json::Array;
using json::Object;
using json::Value;
using test::SpoilingLab;
namespace fs = std::filesystem;

namespace {

const std::string kDialect = "notary-v1";

void write(const fs::path& file, base::ByteView raw) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(raw.data()), static_cast<std::streamsize>(raw.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

void write_configuration(const fs::path& file, const test::TestRepository& repository) {
  std::set<std::string> ids{repository.keys.at("root").id};
  for (const auto& signer : repository.roots.rbegin()->second.signers) ids.insert(signer.id);
  Array pins;
  for (const auto& id : ids) pins.emplace_back(id);
  const Object pinning{{"certs", Value(Object{{repository.gun, Value(pins)}})}, {"disable_tofu", Value(true)}};
  write(file, base::as_bytes(json::serialize(Value(Object{{"trust_pinning", Value(pinning)}}))));
}

void publish(const fs::path& folder, const test::TestRepository& repository, const tuf::ChainFiles& files) {
  const auto tuf = folder / "v2" / repository.gun / "_trust" / "tuf";
  for (const auto& [version, raw] : files.roots) write(tuf / (std::to_string(version) + ".root.json"), raw);
  if (!files.roots.empty()) write(tuf / "root.json", files.roots.rbegin()->second);
  if (!repository.timestamp.withheld) write(tuf / "timestamp.json", files.timestamp);
  if (!repository.snapshot.withheld) write(tuf / "snapshot.json", files.snapshot);
  for (const auto& [role, raw] : files.targets) write(tuf / (role + ".json"), raw);
  write_configuration(folder / "notary.json", repository);
}

class Maker {
 public:
  explicit Maker(fs::path folder) : folder_(std::move(folder)), lab_(kDialect), table_(test::SpoilingTable::read()) {}

  void run() {
    publish(folder_ / "before", lab_.before(), lab_.before().build());
    publish(folder_ / "good", lab_.good(), lab_.good().build());
    cases_.open(folder_ / "cases.tsv");
    for (const auto& spoiling : test::spoilings()) {
      for (const auto& role : SpoilingLab::roles()) {
        if (lab_.applies(spoiling, role)) add(spoiling, role);
      }
    }
    if (!cases_.flush()) throw std::runtime_error("cannot write cases.tsv");
  }

 private:
  void add(const test::Spoiling& spoiling, const std::string& role) {
    const std::string number = std::to_string(++count_);
    const auto repository = lab_.spoiled(spoiling, role);
    const auto files = repository->build();
    publish(folder_ / number, *repository, files);
    for (const auto& reading : SpoilingLab::readings()) {
      if (reading.dialect != kDialect) continue;
      const std::string reason = table_.reason_for(spoiling.name);
      cases_ << number << '\t' << spoiling.name << '\t' << role << '\t' << reading.state << '\t'
             << test::word_for(lab_.verdict(*repository, files, reading)) << '\t' << (reason.empty() ? "-" : reason)
             << '\n';
    }
  }

  fs::path folder_;
  SpoilingLab lab_;
  test::SpoilingTable table_;
  std::ofstream cases_;
  unsigned count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_spoiled FOLDER\n";
    return 2;
  }
  try {
    Maker(argv[1]).run();
  } catch (const std::exception& error) {
    std::cerr << "make_spoiled: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
