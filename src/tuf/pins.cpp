#include "pins.h"

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/tuf/pin.h"
#include "words.h"

namespace gapstow::tuf {
namespace {

std::string authority_name(const sign::Certificate& certificate) {
  try {
    return certificate.common_name();
  } catch (const base::Error&) {
    return digest::sha256(certificate.der()).short_text();
  }
}

struct Describer {
  std::string operator()(const KeyIdPin& pin) const { return "key ID " + short_id(pin.key_id); }
  std::string operator()(const SpkiPin& pin) const { return "SPKI " + short_id(pin.fingerprint); }
  std::string operator()(const CaPin& pin) const {
    std::vector<std::string> names;
    for (const auto& authority : pin.authorities) names.push_back(quoted(authority_name(authority)));
    return "CA " + listed(names, 2);
  }
  std::string operator()(const RootFilePin& pin) const { return "root file " + digest::sha256(pin.bytes).short_text(); }
  std::string operator()(const FirstUsePin&) const { return "first use"; }
};

}  // namespace

std::string describe(const RootPin& pin) { return std::visit(Describer{}, pin); }

KeyPins::KeyPins(const std::vector<RootPin>& pins, const Dialect& dialect, base::Time when)
    : dialect_(dialect), when_(when) {
  for (const auto& pin : pins) {
    if (!std::holds_alternative<RootFilePin>(pin) && !std::holds_alternative<FirstUsePin>(pin)) pins_.push_back(&pin);
  }
}

bool KeyPins::matches(const RootPin& pin, const Key& key, std::string& why) const {
  if (const auto* id = std::get_if<KeyIdPin>(&pin)) {
    // A file may give its own key the pinned ID.
    return key.has_own_id && (id->key_id == key.id || id->key_id == dialect_.canonical_key_id(key));
  }
  if (const auto* spki = std::get_if<SpkiPin>(&pin)) return spki->fingerprint == key.key.fingerprint();
  const auto* ca = std::get_if<CaPin>(&pin);
  if (ca == nullptr || ca->authorities.empty()) return false;
  if (key.certificates.empty()) {
    why = "it is no x509 key";
    return false;
  }
  const std::vector<sign::Certificate> intermediates(key.certificates.begin() + 1, key.certificates.end());
  return sign::chains_to(key.certificates.front(), intermediates, ca->authorities, when_, why);
}

const RootPin* KeyPins::match(const Key& key) const {
  std::string why;
  for (const RootPin* pin : pins_) {
    if (matches(*pin, key, why)) return pin;
  }
  return nullptr;
}

std::string KeyPins::why_not(const Key& key) const {
  std::string why;
  for (const RootPin* pin : pins_) matches(*pin, key, why);
  return why;
}

}  // namespace gapstow::tuf
