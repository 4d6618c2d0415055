// Archives: names stay inside, members are distinct, contents have the size that was listed. A reader that knows
// nothing but ustar blocks finds the same members at the same places, and gapstow's own codec writes them so that they
// are read alike.
#include <set>

#include "fuzz/fuzz.h"
#include "fuzz/heap.h"
#include "fuzz/memory_fs.h"
#include "gapstow/archive/archive_reader.h"
#include "gapstow/archive/ustar.h"

using namespace gapstow;

namespace {

using fuzz::require;

constexpr std::uint64_t kExpansionBase = 1U << 20;
constexpr std::uint64_t kExpansionRatio = 100;
/// Two blocks of a stream, libarchive's windows, zstd's window of at most 8 MiB, small members kept.
constexpr std::size_t kHeapBase = 48U << 20;
constexpr std::uint64_t kMaxCopied = 1U << 20;

void check_name(const std::string& name) {
  require(!name.empty() && name.front() != '/' && name.back() != '/', "names are relative");
  const std::string framed = "/" + name + "/";
  for (const char* part : {"/../", "/./", "//"}) {
    require(framed.find(part) == std::string::npos, "names are normal");
  }
}

/// A regular file as its header says.
struct Simple {
  std::string name;
  std::uint64_t size = 0;
  std::uint64_t position = 0;
};

std::string text_of(base::ByteView field) {
  const auto text = base::as_text(field);
  return std::string(text.substr(0, std::min(text.find('\0'), text.size())));
}

std::optional<std::uint64_t> octal(base::ByteView field) {
  std::uint64_t value = 0;
  std::size_t at = 0;
  for (; at < field.size() && field[at] >= std::byte{'0'} && field[at] <= std::byte{'7'}; ++at) {
    value = value * 8 + (std::to_integer<std::uint64_t>(field[at]) - '0');
  }
  const bool is_whole =
      at > 0 && at < field.size() &&
      std::ranges::all_of(field.subspan(at), [](auto c) { return c == std::byte{0} || c == std::byte{' '}; });
  return is_whole ? std::optional(value) : std::nullopt;
}

/// The regular files of a plain archive in which there are only these and folders, in POSIX's form; else nothing.
std::optional<std::vector<Simple>> read_simply(base::ByteView archive) {
  std::vector<Simple> files;
  for (std::uint64_t at = 0; at + archive::kBlock <= archive.size();) {
    const auto header = archive.subspan(at, archive::kBlock);
    if (std::ranges::all_of(header, [](auto c) { return c == std::byte{0}; })) return files;
    if (base::as_text(header.subspan(257, 8)) != std::string_view("ustar\00000", 8)) return std::nullopt;
    const auto size = octal(header.subspan(124, 12));
    const auto type = std::to_integer<char>(header[156]);
    if (!size || (type != '0' && type != '5') || (type == '5' && *size != 0)) return std::nullopt;
    const auto prefix = text_of(header.subspan(345, 155));
    const auto name = text_of(header.first(100));
    if (type == '0') files.push_back({prefix.empty() ? name : prefix + "/" + name, *size, at});
    at += archive::kBlock + *size + archive::padding_of(*size);
  }
  return std::nullopt;
}

/// "./a" and "a/" are written for "a".
std::string plain_name(std::string name) {
  std::string plain;
  for (std::size_t at = 0; at < name.size();) {
    const auto end = std::min(name.find('/', at), name.size());
    const auto part = name.substr(at, end - at);
    if (!part.empty() && part != ".") plain += (plain.empty() ? "" : "/") + part;
    at = end + 1;
  }
  return plain;
}

void check_other_reader(base::ByteView input, const std::vector<archive::Member>& members) {
  const auto files = read_simply(input);
  if (!files) return;
  require(files->size() == members.size(), "both readers find as many members");
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& [name, size, position] = (*files)[i];
    require(members[i].link.empty() && members[i].size == size, "both readers find the same sizes");
    require(members[i].position == position && members[i].content == position + archive::kBlock, "and the same places");
    require(members[i].name == plain_name(name), "and the same names");
  }
}

using Contents = std::vector<std::pair<std::string, base::Bytes>>;

/// Links are followed; what they lead to is there once under each name.
Contents contents_of(archive::ArchiveReader& reader) {
  Contents contents;
  std::uint64_t total = 0;
  for (const auto& member : reader.members()) {
    if (!member.link.empty()) continue;
    const auto bytes = fuzz::accepted([&] { return base::read_all(*reader.open_member(member), member.size + 1); });
    require(bytes && bytes->size() == member.size, "what was listed can be read, in its size");
    total += member.size;
    if (archive::is_canonical_name(member.name) && total <= kMaxCopied) contents.emplace_back(member.name, *bytes);
  }
  return contents;
}

/// The files written by gapstow's own codec.
void check_own_codec(const Contents& contents, const archive::ArchiveLimits& limits) {
  base::Bytes written;
  for (const auto& [name, bytes] : contents) {
    const auto at = written.size();
    base::append(written, archive::make_header(name, bytes.size()));
    base::append(written, bytes);
    written.resize(written.size() + archive::padding_of(bytes.size()));
    require(written.size() - at == archive::entry_span(name, bytes.size()), "an entry has the span that was computed");
  }
  written.resize(written.size() + archive::kTrailerBytes);
  fuzz::OneFile fs(written);
  const auto reader = fuzz::accepted([&] { return archive::ArchiveReader::open(fs, "own", limits); });
  require(reader.has_value(), "what the own codec writes can be read");
  require(contents_of(**reader) == contents, "and says the same");
  check_other_reader(written, (*reader)->members());
  require(read_simply(written).has_value(), "in the plainest form");
}

void check_members(const archive::ArchiveReader& reader) {
  std::set<std::string> names;
  for (const auto& member : reader.members()) {
    check_name(member.name);
    require(names.insert(member.name).second, "names are distinct");
    const auto* found = reader.find(member.name);
    if (!member.link.empty()) {
      check_name(member.link);
      require(found == nullptr || found->link.empty(), "links are followed to a file");
      continue;
    }
    require(found == &member, "members are found by name");
  }
}

}  // namespace

FUZZ_TARGET(input) {
  const fuzz::HeapLimit heap(kHeapBase + 16 * input.size());
  fuzz::OneFile fs(input);
  archive::ArchiveLimits limits;
  limits.expansion_base = kExpansionBase;
  limits.expansion_ratio = kExpansionRatio;
  const auto reader = fuzz::accepted([&] { return archive::ArchiveReader::open(fs, "fuzz", limits); });
  if (!reader) return;
  check_members(**reader);
  if ((*reader)->is_parallel()) check_other_reader(input, (*reader)->members());
  check_own_codec(contents_of(**reader), limits);
}
