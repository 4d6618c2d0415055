// Matching root keys against pins.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/pin.h"

namespace gapstow::tuf {

/// The pins that speak of single keys. Remembers which pin let a key through, and why authorities did not.
class KeyPins {
 public:
  KeyPins(const std::vector<RootPin>& pins, const Dialect& dialect, base::Time when);
  bool empty() const { return pins_.empty(); }
  /// The first pin that vouches for the key, or nullptr.
  const RootPin* match(const Key& key) const;
  /// Why no authority vouches for the key; empty when none is pinned.
  std::string why_not(const Key& key) const;

 private:
  bool matches(const RootPin& pin, const Key& key, std::string& why) const;

  std::vector<const RootPin*> pins_;
  const Dialect& dialect_;
  base::Time when_;
};

}  // namespace gapstow::tuf
