// A cursor over DER. Source: X.690; only the forms that keys need.
#pragma once

#include "gapstow/base/bytes.h"

namespace gapstow::sign {

enum class DerTag : unsigned char { integer = 0x02, bit_string = 0x03, null = 0x05, object_id = 0x06, sequence = 0x30 };

/// Reads elements one after another; what it gives is a view into its input. Throws Error{malformed}.
class DerReader {
 public:
  explicit DerReader(base::ByteView bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  bool next_is(DerTag tag) const { return !rest_.empty() && std::to_integer<unsigned char>(rest_[0]) == tag_byte(tag); }
  /// The content of the next element, which must have this tag and a length in the shortest form.
  base::ByteView content(DerTag tag);
  DerReader sequence() { return DerReader(content(DerTag::sequence)); }
  /// A bit string of whole bytes, without its count of unused bits.
  base::ByteView whole_bits();
  /// The magnitude of a positive integer in its shortest form, without the leading zero of the sign.
  base::ByteView positive_integer();
  void expect_end() const;

 private:
  static constexpr unsigned char tag_byte(DerTag tag) { return static_cast<unsigned char>(tag); }
  std::size_t length();
  base::ByteView take(std::size_t count);

  base::ByteView rest_;
};

}  // namespace gapstow::sign
