#include "der.h"

#include "gapstow/base/error.h"

namespace gapstow::sign {
namespace {

[[noreturn]] void refuse(const char* why) { throw base::Error(base::ErrorCode::malformed, why); }

unsigned value_of(std::byte b) { return std::to_integer<unsigned>(b); }

}  // namespace

base::ByteView DerReader::take(std::size_t count) {
  if (count > rest_.size()) refuse("DER element reaches beyond the end");
  const auto taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::size_t DerReader::length() {
  const unsigned first = value_of(take(1)[0]);
  if (first < 0x80) return first;
  const unsigned count = first & 0x7f;
  if (count == 0 || count > 4) refuse("DER length is indefinite or too long");
  std::size_t size = 0;
  for (const std::byte b : take(count)) size = size << 8 | value_of(b);
  if (size < 0x80 || size >> (8 * (count - 1)) == 0) refuse("DER length is not in its shortest form");
  return size;
}

base::ByteView DerReader::content(DerTag tag) {
  if (!next_is(tag)) refuse(at_end() ? "DER element is missing" : "DER element has another type than expected");
  take(1);
  return take(length());
}

base::ByteView DerReader::whole_bits() {
  const auto bits = content(DerTag::bit_string);
  if (bits.empty() || value_of(bits[0]) != 0) refuse("DER bit string does not hold whole bytes");
  return bits.subspan(1);
}

base::ByteView DerReader::positive_integer() {
  const auto bytes = content(DerTag::integer);
  if (bytes.empty() || (value_of(bytes[0]) & 0x80) != 0) refuse("DER integer is empty or negative");
  if (value_of(bytes[0]) != 0) return bytes;
  if (bytes.size() == 1) refuse("DER integer is zero");
  if ((value_of(bytes[1]) & 0x80) == 0) refuse("DER integer is not in its shortest form");
  return bytes.subspan(1);
}

void DerReader::expect_end() const {
  if (!at_end()) refuse("data after the end of a DER element");
}

}  // namespace gapstow::sign
