// ECDSA signatures taken apart, and written in forms that are allowed and in others.
#pragma once

#include "support/tuf_keys.h"

namespace gapstow::test {

/// Two numbers, big-endian, of the size of the curve.
struct EcdsaPair {
  static EcdsaPair from_raw(base::ByteView bytes);
  static EcdsaPair from_der(base::ByteView der, const TestKey& key);
  base::Bytes raw() const;
  base::Bytes der() const;
  base::Bytes r;
  base::Bytes s;
};

/// The order of the key's curve, of the size of its numbers.
base::Bytes curve_order(const TestKey& key);
/// The order less `number`: as s it verifies as well.
base::Bytes negated(const base::Bytes& number, const TestKey& key);

/// Changes of a DER signature that leave its numbers as they are, or would if they were read carelessly.
void pad_first_number(base::Bytes& der);
void make_first_number_negative(base::Bytes& der);
void write_length_in_two_bytes(base::Bytes& der);
void leave_length_open(base::Bytes& der);
void add_byte_inside(base::Bytes& der);

}  // namespace gapstow::test
