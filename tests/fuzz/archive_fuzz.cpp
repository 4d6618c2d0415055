// Archives: names stay inside, members are distinct, contents have the size that was listed.
#include <set>

#include "fuzz/fuzz.h"
#include "fuzz/memory_fs.h"
#include "gapstow/archive/archive_reader.h"

using namespace gapstow;

namespace {

void check_name(const std::string& name) {
  fuzz::require(!name.empty() && name.front() != '/' && name.back() != '/', "names are relative");
  const std::string framed = "/" + name + "/";
  for (const char* part : {"/../", "/./", "//"}) {
    fuzz::require(framed.find(part) == std::string::npos, "names are normal");
  }
}

}  // namespace

FUZZ_TARGET(input) {
  fuzz::OneFile fs(input);
  archive::ArchiveLimits limits;
  limits.expansion_base = 1 << 20;
  limits.expansion_ratio = 100;
  const auto reader = fuzz::accepted([&] { return archive::ArchiveReader::open(fs, "fuzz", limits); });
  if (!reader) return;
  std::set<std::string> names;
  for (const auto& member : (*reader)->members()) {
    check_name(member.name);
    fuzz::require(names.insert(member.name).second, "names are distinct");
    const auto* found = (*reader)->find(member.name);
    if (!member.link.empty()) {
      check_name(member.link);
      fuzz::require(found == nullptr || found->link.empty(), "links are followed to a file");
      continue;
    }
    fuzz::require(found == &member, "members are found by name");
    const auto bytes = fuzz::accepted([&] { return base::read_all(*(*reader)->open_member(member), member.size + 1); });
    fuzz::require(bytes && bytes->size() == member.size, "what was listed can be read, in its size");
  }
}
