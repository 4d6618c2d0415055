// Where things stand in a decision file. Normative: formats/snapshot.md.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

#include "gapstow/base/bytes.h"

namespace gapstow::enforce {

inline constexpr std::string_view kSnapshotMagic = "\x89GAPDEC\n";
inline constexpr std::uint32_t kSnapshotFormat = 1;
inline constexpr std::string_view kSnapshotType = "application/vnd.gapstow.decisions+json";
inline constexpr std::size_t kMaxSnapshotChains = 65'536;
inline constexpr std::size_t kMaxSnapshotText = 4096;  ///< bytes of one text
/// `good_until` of what time cannot change.
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
/// Set in the number of a digest that is a SHA-512.
inline constexpr std::uint32_t kSha512Bit = 1U << 31;

/// The tables, in their order in the file.
enum class Table : std::uint8_t {
  strings,      ///< bytes of all texts
  texts,        ///< TextRef: lists of images
  sha256,       ///< 32 bytes each, rising
  sha512,       ///< 64 bytes each, rising
  images,       ///< ImageRecord, rising by origin
  children,     ///< numbers of digests, rising within an image
  holders,      ///< (digest, image), rising: which images are or have a manifest
  chains,       ///< ChainRecord, rising by GUN
  expiries,     ///< ExpiryRecord, rising by role within a chain
  relocations,  ///< RelocationRecord, rising by `to`
  tags,         ///< TagRecord, rising by origin tag within a relocation
};
inline constexpr std::size_t kTables = 11;
inline constexpr std::array<std::size_t, kTables> kRecordSizes{1, 8, 32, 64, 112, 4, 8, 16, 16, 24, 16};
inline constexpr std::size_t kSnapshotHeader = 48 + 16 * kTables;

// Each record lists its fields once, in the order of the file, for reading and for writing.

/// A piece of `strings`; (0, 0) when empty.
struct TextRef {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  static void fields(auto& self, auto& visit) { visit(self.offset, self.length); }
};

/// A run of records of another table; the runs of a table's records follow each other without gaps.
struct RunRef {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  static void fields(auto& self, auto& visit) { visit(self.first, self.count); }
};

struct ImageRecord {
  TextRef origin;
  std::uint32_t repository_length = 0;  ///< of `origin`, before the ':' of the tag
  std::uint32_t digest = 0;
  std::uint64_t size = 0;
  TextRef media_type, rule, role, bundle_id, lapse, refusal;
  RunRef key_ids, signers, children;
  std::int64_t good_until = kNever;
  TextRef refused;
  static void fields(auto& self, auto& visit) {
    visit(self.origin, self.repository_length, self.digest, self.size, self.media_type, self.rule, self.role,
          self.bundle_id, self.lapse, self.refusal, self.key_ids, self.signers, self.children, self.good_until,
          self.refused);
  }
};

struct Holder {
  std::uint32_t digest = 0;
  std::uint32_t image = 0;
  auto operator<=>(const Holder&) const = default;
  static void fields(auto& self, auto& visit) { visit(self.digest, self.image); }
};

struct ChainRecord {
  TextRef gun;
  RunRef expiries;
  static void fields(auto& self, auto& visit) { visit(self.gun, self.expiries); }
};

struct ExpiryRecord {
  TextRef role;
  std::int64_t until = 0;
  static void fields(auto& self, auto& visit) { visit(self.role, self.until); }
};

struct RelocationRecord {
  TextRef from, to;
  RunRef tags;
  static void fields(auto& self, auto& visit) { visit(self.from, self.to, self.tags); }
};

struct TagRecord {
  TextRef origin, local;
  static void fields(auto& self, auto& visit) { visit(self.origin, self.local); }
};

/// What stands in front of the tables.
struct SnapshotHeader {
  std::uint64_t magic = 0;
  std::uint32_t format = kSnapshotFormat;
  std::uint32_t header_size = kSnapshotHeader;
  std::uint64_t body_size = 0;  ///< header and tables
  std::uint64_t version = 0;
  std::int64_t made_at = 0;
  std::int64_t clock_floor = 0;
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t count = 0;
    static void fields(auto& self, auto& visit) { visit(self.offset, self.count); }
  };
  std::array<Place, kTables> tables{};
  static void fields(auto& self, auto& visit) {
    visit(self.magic, self.format, self.header_size, self.body_size, self.version, self.made_at, self.clock_floor);
    for (auto& place : self.tables) visit(place);
  }
};

/// Reads numbers one after the other; they are little-endian. The caller has checked that they are there.
class FieldReader {
 public:
  explicit FieldReader(const std::byte* at) : at_(at) {}
  template <typename... Fields>
  void operator()(Fields&... fields) {
    (read(fields), ...);
  }

 private:
  template <typename Field>
  void read(Field& field) {
    if constexpr (std::is_integral_v<Field>) {
      std::array<std::byte, sizeof(Field)> raw{};
      std::memcpy(raw.data(), at_, raw.size());
      if constexpr (std::endian::native == std::endian::big) std::reverse(raw.begin(), raw.end());
      field = std::bit_cast<Field>(raw);
      at_ += raw.size();
    } else {
      Field::fields(field, *this);
    }
  }
  const std::byte* at_;
};

/// Appends numbers, little-endian.
class FieldWriter {
 public:
  explicit FieldWriter(base::Bytes& out) : out_(out) {}
  template <typename... Fields>
  void operator()(const Fields&... fields) {
    (write(fields), ...);
  }

 private:
  template <typename Field>
  void write(const Field& field) {
    if constexpr (std::is_integral_v<Field>) {
      auto raw = std::bit_cast<std::array<std::byte, sizeof(Field)>>(field);
      if constexpr (std::endian::native == std::endian::big) std::reverse(raw.begin(), raw.end());
      out_.insert(out_.end(), raw.begin(), raw.end());
    } else {
      Field::fields(field, *this);
    }
  }
  base::Bytes& out_;
};

/// Where the tables stand when they hold so many records, and where the last one ends. Error{limit_exceeded} beyond
/// kMaxSnapshotBytes.
struct SnapshotLayout {
  std::array<std::uint64_t, kTables> offsets{};
  std::uint64_t end = 0;
};
SnapshotLayout lay_out_tables(const std::array<std::uint64_t, kTables>& counts);

/// The magic as the number that the header holds.
std::uint64_t magic_number();

}  // namespace gapstow::enforce
