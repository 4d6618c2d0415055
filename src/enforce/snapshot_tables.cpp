#include "snapshot_tables.h"

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/time.h"
#include "gapstow/enforce/snapshot.h"

namespace gapstow::enforce {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint64_t kAlignment = 8;

}  // namespace

std::uint64_t magic_number() {
  std::uint64_t number = 0;
  FieldReader reader(base::as_bytes(kSnapshotMagic).data());
  reader(number);
  return number;
}

SnapshotLayout lay_out_tables(const std::array<std::uint64_t, kTables>& counts) {
  SnapshotLayout layout;
  std::uint64_t at = kSnapshotHeader;
  for (std::size_t i = 0; i < kTables; ++i) {
    base::check_limit(counts[i], kMaxSnapshotBytes / kRecordSizes[i], "records of a table");
    layout.offsets[i] = at;
    at += counts[i] * kRecordSizes[i];
    at = (at + kAlignment - 1) / kAlignment * kAlignment;
    base::check_limit(at, kMaxSnapshotBytes, "size of a decision file");
  }
  layout.end = at;
  return layout;
}

SnapshotParts cut_snapshot(base::ByteView file) {
  if (file.size() < kSnapshotHeader) {
    throw Error(ErrorCode::truncated, "the decision file ends within its header");
  }
  SnapshotHeader header;
  FieldReader reader(file.data());
  reader(header);
  if (header.magic != magic_number()) throw Error(ErrorCode::malformed, "this is no decision file");
  if (header.format != kSnapshotFormat) {
    throw Error(ErrorCode::unsupported,
                "decision file of format " + std::to_string(header.format) + ", this gapstow knows " +
                    std::to_string(kSnapshotFormat),
                "make it anew with: gapstow trust snapshot");
  }
  base::check_limit(header.body_size, kMaxSnapshotBytes, "size of a decision file");
  if (header.header_size != kSnapshotHeader || header.body_size < kSnapshotHeader) {
    throw Error(ErrorCode::malformed, "the sizes in the header of the decision file are wrong");
  }
  if (file.size() < header.body_size) {
    throw Error(ErrorCode::truncated, "the decision file has " + std::to_string(file.size()) + " bytes of " +
                                          std::to_string(header.body_size) + " and a signature");
  }
  return {file.first(header.body_size), file.subspan(header.body_size)};
}

void refuse_snapshot(const std::string& why) { throw Error(ErrorCode::malformed, "decision file: " + why); }

void check_instant(std::int64_t seconds) {
  if (seconds < base::kFirstSecond || seconds > base::kLastSecond) refuse_snapshot("an instant is out of range");
}

Tables Tables::open(base::ByteView body) {
  Tables tables(body);
  tables.read_header();
  return tables;
}

void Tables::read_header() {
  if (cut_snapshot(bytes_).body.size() != bytes_.size()) refuse_snapshot("bytes behind the tables");
  FieldReader reader(bytes_.data());
  reader(header_);
  if (header_.version == 0) refuse_snapshot("version 0");
  check_instant(header_.made_at);
  check_instant(header_.clock_floor);
  std::array<std::uint64_t, kTables> counts{};
  std::ranges::transform(header_.tables, counts.begin(), &SnapshotHeader::Place::count);
  const SnapshotLayout layout = lay_out_tables(counts);
  if (layout.end != header_.body_size) refuse_snapshot("its tables do not end where the header says");
  for (std::size_t i = 0; i < kTables; ++i) {
    if (header_.tables[i].offset != layout.offsets[i]) refuse_snapshot("a table is not where it must be");
    const std::uint64_t end = i + 1 < kTables ? layout.offsets[i + 1] : layout.end;
    const std::uint64_t used = layout.offsets[i] + counts[i] * kRecordSizes[i];
    const base::ByteView padding = bytes_.subspan(used, end - used);
    if (std::ranges::any_of(padding, [](std::byte each) { return each != std::byte{}; })) {
      refuse_snapshot("something stands between two tables");
    }
  }
  base::check_limit(count(Table::images), kMaxSnapshotImages, "images of a decision file");
  base::check_limit(count(Table::children), kMaxSnapshotChildren, "manifests of a decision file");
  base::check_limit(count(Table::chains), kMaxSnapshotChains, "chains of a decision file");
  base::check_limit(count(Table::relocations), trust::kMaxStoreRelocations, "relocations");
}

ImageRecord Tables::image(std::size_t index) const {
  const auto image = read<ImageRecord>(Table::images, index);
  const std::string_view origin = text(image.origin);
  if (image.repository_length == 0 || image.repository_length >= origin.size() ||
      (origin[image.repository_length] != ':' && origin[image.repository_length] != '@')) {
    refuse_snapshot("the name of an image is not one of a repository with a tag or a digest");
  }
  if (image.good_until != kNever) check_instant(image.good_until);
  const std::string_view refused = text(image.refused);
  if (!refused.empty() && !base::error_code_from_name(refused)) {
    refuse_snapshot("an image is refused for an unknown reason");
  }
  return image;
}

std::string_view Tables::strings() const {
  const auto& place = header_.tables[static_cast<std::size_t>(Table::strings)];
  return base::as_text(bytes_).substr(place.offset, place.count);
}

std::string_view Tables::text(TextRef ref) const {
  const std::string_view strings = this->strings();
  if (ref.length > kMaxSnapshotText) refuse_snapshot("a text is too long");
  if (ref.offset > strings.size() || ref.length > strings.size() - ref.offset)
    refuse_snapshot("a text is out of range");
  if (ref.length == 0 && ref.offset != 0) refuse_snapshot("an empty text is somewhere");
  // A piece of UTF-8 begins and ends at the border of a character.
  const auto is_tail = [&](std::size_t at) {
    return at < strings.size() && (static_cast<unsigned char>(strings[at]) & 0xC0U) == 0x80U;
  };
  if (ref.length != 0 && (is_tail(ref.offset) || is_tail(ref.offset + ref.length))) refuse_snapshot("a text is cut");
  return strings.substr(ref.offset, ref.length);
}

std::vector<std::string_view> Tables::texts(RunRef run) const {
  if (run.count > count(Table::texts)) refuse_snapshot("a run is longer than its table");
  std::vector<std::string_view> all;
  all.reserve(run.count);
  const std::size_t first = run.first;
  for (std::size_t i = 0; i < run.count; ++i) all.push_back(text(read<TextRef>(Table::texts, first + i)));
  return all;
}

digest::Digest Tables::digest(std::uint32_t number) const {
  const bool is_long = (number & kSha512Bit) != 0;
  const Table table = is_long ? Table::sha512 : Table::sha256;
  const std::size_t size = kRecordSizes[static_cast<std::size_t>(table)];
  return {is_long ? digest::Algorithm::sha512 : digest::Algorithm::sha256,
          base::ByteView(at(table, number & ~kSha512Bit), size)};
}

std::optional<std::uint32_t> Tables::number_of(const digest::Digest& digest) const {
  const bool is_long = digest.algorithm() == digest::Algorithm::sha512;
  const Table table = is_long ? Table::sha512 : Table::sha256;
  const base::ByteView value = digest.value();
  const auto compare = [&](std::size_t i) { return std::memcmp(at(table, i), value.data(), value.size()); };
  if (value.size() != kRecordSizes[static_cast<std::size_t>(table)]) return std::nullopt;
  const std::size_t found = first_not_before(count(table), [&](std::size_t i) { return compare(i) < 0; });
  if (found == count(table) || compare(found) != 0) return std::nullopt;
  return static_cast<std::uint32_t>(found) | (is_long ? kSha512Bit : 0);
}

}  // namespace gapstow::enforce
