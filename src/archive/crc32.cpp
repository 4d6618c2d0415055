#include "crc32.h"

#include <array>
#include <cstddef>

namespace gapstow::archive {
namespace {

constexpr std::size_t kSlices = 8;
using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0);
    tables[0][i] = value;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[slice - 1][i];
      tables[slice][i] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint32_t octet(std::byte byte) { return std::to_integer<std::uint32_t>(byte); }

}  // namespace

std::uint32_t crc32(std::uint32_t crc, base::ByteView bytes) {
  crc = ~crc;
  for (; bytes.size() >= kSlices; bytes = bytes.subspan(kSlices)) {
    const std::uint32_t low =
        crc ^ (octet(bytes[0]) | octet(bytes[1]) << 8 | octet(bytes[2]) << 16 | octet(bytes[3]) << 24);
    crc = kTables[7][low & 0xff] ^ kTables[6][(low >> 8) & 0xff] ^ kTables[5][(low >> 16) & 0xff] ^
          kTables[4][low >> 24] ^ kTables[3][octet(bytes[4])] ^ kTables[2][octet(bytes[5])] ^
          kTables[1][octet(bytes[6])] ^ kTables[0][octet(bytes[7])];
  }
  for (const std::byte byte : bytes) crc = (crc >> 8) ^ kTables[0][(crc ^ octet(byte)) & 0xff];
  return ~crc;
}

}  // namespace gapstow::archive
