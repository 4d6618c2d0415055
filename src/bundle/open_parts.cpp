#include <algorithm>
#include <array>
#include <tuple>

#include "gapstow/base/error.h"
#include "gapstow/bundle/parts.h"

namespace gapstow::bundle {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kShownNumbers = 10;

void check_file_size(const PartFile& part) {
  const std::uint64_t expected = kPartHeaderBytes + part.header.size;
  const std::uint64_t found = part.file->size();
  if (found < expected) {
    throw Error(ErrorCode::truncated, "ends " + std::to_string(expected - found) + " bytes too early");
  }
  if (found > expected) {
    throw Error(ErrorCode::malformed, std::to_string(found - expected) + " bytes follow behind the end of the part");
  }
}

PartFile open_part(base::ReadFs& fs, const std::string& path) {
  return base::with_context(path, [&] {
    PartFile part{path, {}, fs.open(path)};
    std::array<std::byte, kPartHeaderBytes> bytes{};
    const std::size_t count = part.file->read_at(0, bytes);
    part.header = parse_part_header(std::span(bytes).first(count));
    check_file_size(part);
    return part;
  });
}

void check_same_bundle(const PartFile& first, const PartFile& part) {
  const PartHeader& a = first.header;
  const PartHeader& b = part.header;
  if (a.bundle == b.bundle && a.count == b.count && a.total == b.total) return;
  throw Error(ErrorCode::malformed, part.path + " is a part of another bundle or another cut than " + first.path,
              "give the parts of one bundle only");
}

/// Sorted by number.
void check_twice(const std::vector<PartFile>& parts) {
  const auto twice = std::ranges::adjacent_find(parts, {}, [](const PartFile& part) { return part.header.number; });
  if (twice == parts.end()) return;
  throw Error(ErrorCode::malformed, "part " + std::to_string(twice->header.number) + " is given twice: " + twice->path +
                                        " and " + std::next(twice)->path);
}

void check_complete(const std::vector<PartFile>& parts) {
  const std::uint32_t count = parts.front().header.count;
  if (parts.size() == count) return;
  std::string missing;
  std::size_t shown = 0;
  std::size_t at = 0;
  for (std::uint32_t number = 1; number <= count; ++number) {
    if (at < parts.size() && parts[at].header.number == number) {
      ++at;
    } else if (++shown <= kShownNumbers) {
      missing += (missing.empty() ? "" : ", ") + std::to_string(number);
    }
  }
  if (shown > kShownNumbers) missing += ", …";
  throw Error(ErrorCode::truncated, "part " + missing + " of " + std::to_string(count) + " is missing",
              "give all parts of the bundle");
}

void check_contiguous(const std::vector<PartFile>& parts) {
  std::uint64_t at = 0;
  for (const PartFile& part : parts) {
    if (part.header.offset != at) {
      throw Error(ErrorCode::malformed, part.path + " does not begin where the part before it ends");
    }
    at += part.header.size;
  }
}

}  // namespace

std::vector<PartFile> open_parts(base::ReadFs& fs, const std::vector<std::string>& paths) {
  if (paths.empty()) throw Error(ErrorCode::usage, "no part was named");
  std::vector<PartFile> parts;
  parts.reserve(paths.size());
  for (const std::string& path : paths) {
    parts.push_back(open_part(fs, path));
    check_same_bundle(parts.front(), parts.back());
  }
  std::ranges::sort(parts, {}, [](const PartFile& part) { return std::tie(part.header.number, part.path); });
  check_twice(parts);
  check_complete(parts);
  check_contiguous(parts);
  return parts;
}

}  // namespace gapstow::bundle
