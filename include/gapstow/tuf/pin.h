// Root pins: what an operator knows beforehand about the root of a repository.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/sign/certificate.h"

namespace gapstow::tuf {

/// A root key by its TUF key ID, or by its canonical key ID (the one `docker trust inspect` shows). 64 hex digits.
struct KeyIdPin {
  std::string key_id;
};
/// A root key by the SHA-256 of its SubjectPublicKeyInfo. 64 hex digits.
struct SpkiPin {
  std::string fingerprint;
};
/// Any root whose leaf certificate chains to one of these authorities.
struct CaPin {
  std::vector<sign::Certificate> authorities;
};
/// A whole root file; the walk starts from it.
struct RootFilePin {
  base::Bytes bytes;
};
/// Trust on first use, asked for by name: the oldest root in the chain is taken. `pack` and `chain fetch` only.
/// Holds only where nothing else is pinned: beside other pins it is ignored.
struct FirstUsePin {};

using RootPin = std::variant<KeyIdPin, SpkiPin, CaPin, RootFilePin, FirstUsePin>;

/// In words, for reports: "key ID 9586150e953c…", "CA ca.pem", "first use".
std::string describe(const RootPin& pin);

}  // namespace gapstow::tuf
