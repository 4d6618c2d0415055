#include "framing.h"

#include <algorithm>
#include <array>
#include <memory>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/bundle/seal.h"
#include "part_header.h"

namespace gapstow::bundle {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kSizeField = 124;  ///< of a ustar header
constexpr std::size_t kSizeDigits = 11;

void compare(base::ByteView found, base::ByteView expected, std::string_view what) {
  if (!base::equal(found, expected.first(found.size()))) {
    throw Error(ErrorCode::malformed, std::string(what) + " is not what the format demands");
  }
  if (found.size() < expected.size()) {
    throw Error(ErrorCode::truncated, "ends in the " + std::string(what) + ", " +
                                          std::to_string(expected.size() - found.size()) + " bytes too early");
  }
}

[[noreturn]] void refuse_foreign(base::ByteView start) {
  const std::string_view text = base::as_text(start);
  std::string hint;
  if (is_part_start(start)) hint = "this is one part of a bundle; give all its parts";
  if (text.starts_with("\x1f\x8b") || text.starts_with("\x28\xb5\x2f\xfd")) {
    hint = "this is compressed data; bundles are not compressed";
  }
  throw Error(ErrorCode::malformed, "not a gapstow bundle", hint);
}

/// The size that a seal's header states; nothing when it has no strict octal digits there.
std::uint64_t stated_size(base::ByteView header) {
  std::uint64_t size = 0;
  for (const char digit : base::as_text(header.subspan(kSizeField, kSizeDigits))) {
    if (digit < '0' || digit > '7') refuse_foreign(header);
    size = size * 8 + static_cast<std::uint64_t>(digit - '0');
  }
  return size;
}

/// A header that ends early: a bundle as far as it goes, or something else.
[[noreturn]] void refuse_short(base::ByteView found) {
  const base::Bytes sample = archive::make_header(kSealName, 0);
  const std::size_t known = std::min(found.size(), kSizeField);
  if (!base::equal(found.first(known), base::ByteView(sample).first(known))) refuse_foreign(found);
  if (found.size() >= kSizeField + kSizeDigits) {
    const base::Bytes expected = archive::make_header(kSealName, stated_size(found));
    if (!base::equal(found, base::ByteView(expected).first(found.size()))) refuse_foreign(found);
  } else {
    const auto is_octal = [](std::byte b) { return b >= std::byte{'0'} && b <= std::byte{'7'}; };
    if (!std::ranges::all_of(found.subspan(known), is_octal)) refuse_foreign(found);
  }
  throw Error(ErrorCode::truncated,
              found.empty() ? "there is nothing to read, expected a bundle" : "ends in the header of the seal");
}

}  // namespace

void demand_bytes(base::Source& source, base::ByteView expected, std::string_view what, const Watch& watch) {
  std::array<std::byte, 3 * archive::kBlock> buffer{};
  const std::span<std::byte> wanted = std::span(buffer).first(expected.size());
  const std::size_t count = base::read_full(source, wanted);
  compare(wanted.first(count), expected, what);
  watch.passed(count);
}

std::uint64_t read_seal_header(base::Source& source, const Watch& watch) {
  std::array<std::byte, archive::kBlock> header{};
  const std::size_t count = base::read_full(source, header);
  if (count < header.size()) refuse_short(std::span(header).first(count));
  const std::uint64_t size = stated_size(header);
  if (!base::equal(header, archive::make_header(kSealName, size))) refuse_foreign(header);
  base::check_limit(size, kMaxSealBytes, "size of the seal");
  if (size == 0 || size % archive::kBlock != 0) {
    throw Error(ErrorCode::malformed, "size of the seal: " + std::to_string(size) + " is no multiple of 512");
  }
  watch.passed(count);
  return size;
}

void demand_trailer(base::Source& source, const Watch& watch) {
  const std::array<std::byte, archive::kTrailerBytes> zeros{};
  demand_bytes(source, zeros, "trailer", watch);
  std::byte extra{};
  if (source.read({&extra, 1}) != 0) throw Error(ErrorCode::malformed, "bytes follow behind the end of the bundle");
}

void read_entry(base::Source& source, const Entry& entry, std::size_t chunk,
                const std::function<void(base::ByteView)>& take, const Watch& watch) {
  demand_bytes(source, archive::make_header(entry.name, entry.size), "header", watch);
  const std::size_t room = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, entry.size));
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(room);
  digest::Hasher hasher;
  for (std::uint64_t left = entry.size; left > 0;) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(room, left));
    const std::size_t count = source.read({buffer.get(), wanted});
    if (count == 0) {
      throw Error(ErrorCode::truncated, "ends " + std::to_string(left) + " bytes too early");
    }
    const base::ByteView piece{buffer.get(), count};
    hasher.update(piece);
    take(piece);
    left -= count;
    watch.passed(count);
  }
  if (const digest::Digest found = hasher.finish(); found != entry.sha256) {
    throw Error(ErrorCode::digest_mismatch,
                "the content is " + found.text() + ", the seal says " + entry.sha256.text());
  }
  const std::array<std::byte, archive::kBlock> zeros{};
  demand_bytes(source, base::ByteView(zeros).first(archive::padding_of(entry.size)), "padding", watch);
}

}  // namespace gapstow::bundle
