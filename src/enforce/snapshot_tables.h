// Tables: the checked view of the unsigned part of a decision file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/digest/digest.h"
#include "snapshot_format.h"

namespace gapstow::enforce {

[[noreturn]] void refuse_snapshot(const std::string& why);

/// Error{malformed} for an instant that no calendar has.
void check_instant(std::int64_t seconds);

/// Views of bytes that outlive it. Whatever is read is checked by itself: no number of a file leads out of it, and no
/// record says what no writer writes. Error{malformed} where one does.
class Tables {
 public:
  /// Header and places of the tables, and nothing else: for who looks at a few records. Error{malformed},
  /// Error{truncated}, Error{unsupported}, Error{limit_exceeded}.
  static Tables open(base::ByteView body);
  /// The same, then every record and every order.
  static Tables check(base::ByteView body);

  const SnapshotHeader& header() const { return header_; }
  std::size_t count(Table table) const { return header_.tables[static_cast<std::size_t>(table)].count; }
  template <typename Record>
  Record read(Table table, std::size_t index) const {
    Record record;
    FieldReader reader(at(table, index));
    reader(record);
    return record;
  }

  ImageRecord image(std::size_t index) const;
  Holder holder(std::size_t index) const { return read<Holder>(Table::holders, index); }
  std::uint32_t child(std::size_t index) const { return read<std::uint32_t>(Table::children, index); }
  /// All texts together.
  std::string_view strings() const;
  std::string_view text(TextRef ref) const;
  /// The origin of an image, which lookups compare with.
  std::string_view origin(std::size_t image) const { return text(read<TextRef>(Table::images, image)); }
  std::vector<std::string_view> texts(RunRef run) const;
  digest::Digest digest(std::uint32_t number) const;
  /// The number of a digest, where any image has it.
  std::optional<std::uint32_t> number_of(const digest::Digest& digest) const;

 private:
  friend class TableChecker;
  explicit Tables(base::ByteView body) : bytes_(body) {}
  void read_header();
  const std::byte* at(Table table, std::size_t index) const {
    const auto which = static_cast<std::size_t>(table);
    if (index >= header_.tables[which].count) refuse_snapshot("a record is out of range");
    return bytes_.data() + header_.tables[which].offset + index * kRecordSizes[which];
  }

  base::ByteView bytes_;
  SnapshotHeader header_;
};

/// The parts of a file: what is signed, and the envelope behind it. Error{truncated}, Error{malformed},
/// Error{unsupported}.
struct SnapshotParts {
  base::ByteView body;
  base::ByteView envelope;
};
SnapshotParts cut_snapshot(base::ByteView file);

/// The first of `count` places for which `is_before` is no longer true.
template <typename IsBefore>
std::size_t first_not_before(std::size_t count, IsBefore is_before) {
  std::size_t low = 0;
  while (count > 0) {
    const std::size_t half = count / 2;
    if (is_before(low + half)) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return low;
}

}  // namespace gapstow::enforce
