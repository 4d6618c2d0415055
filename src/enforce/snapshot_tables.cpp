#include "snapshot_tables.h"

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
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

std::string_view Tables::text(TextRef ref) const {
  return base::as_text(bytes_).substr(header_.tables[0].offset + ref.offset, ref.length);
}

std::vector<std::string_view> Tables::texts(RunRef run) const {
  std::vector<std::string_view> all;
  all.reserve(run.count);
  for (std::uint32_t i = 0; i < run.count; ++i) all.push_back(text(read<TextRef>(Table::texts, run.first + i)));
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
