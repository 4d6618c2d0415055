// Keys that are always the same and a ledger of all that they have signed: who may believe a text can be told without
// looking at a signature.
#pragma once

#include <map>
#include <set>
#include <string>

#include "gapstow/base/encoding.h"
#include "gapstow/digest/digest.h"
#include "gapstow/json/write.h"
#include "gapstow/sign/signer.h"

namespace gapstow::fuzz {

/// Ed25519 keys by number, and what each has signed.
class Signers {
 public:
  struct Key {
    sign::SecretKey secret;
    std::string id;
    json::Value published;
  };

  const Key& key(unsigned number) {
    const auto found = keys_.find(number);
    if (found != keys_.end()) return found->second;
    return keys_.emplace(number, made(number)).first->second;
  }

  /// {"signatures":…,"signed":body} by the keys with these numbers.
  base::Bytes file(const json::Object& body, const std::set<unsigned>& by) {
    const std::string text = json::canonical(json::Value(body));
    auto& signers = ledger_[text];
    json::Array signatures;
    for (const unsigned number : by) {
      signers.insert(key(number).id);
      signatures.emplace_back(json::Object{{"keyid", key(number).id}, {"sig", signature(number, text)}});
    }
    return base::to_bytes(json::serialize(json::Object{{"signatures", signatures}, {"signed", body}}));
  }

  /// How many of the keys with these IDs have signed exactly this text.
  std::size_t count(const std::string& canonical, const std::set<std::string>& ids) const {
    const auto found = ledger_.find(canonical);
    if (found == ledger_.end()) return 0;
    std::size_t count = 0;
    for (const auto& id : found->second) count += ids.contains(id) ? 1U : 0U;
    return count;
  }

  /// A new input: nothing has been signed.
  void begin() {
    ledger_.clear();
    if (signatures_.size() > kMaxTexts) signatures_.clear();
  }

 private:
  static constexpr std::size_t kMaxTexts = 20'000;

  static Key made(unsigned number) {
    auto secret =
        sign::SecretKey::from_secret(sign::KeyType::ed25519, base::Bytes(32, static_cast<std::byte>(number + 1)));
    const std::string point = base::hex(base::ByteView(secret.public_key().spki_der()).last(32));
    json::Value published =
        json::Object{{"keytype", "ed25519"}, {"keyval", json::Object{{"public", point}}}, {"scheme", "ed25519"}};
    std::string id = digest::sha256(base::as_bytes(json::canonical(published))).hex();
    return {std::move(secret), std::move(id), std::move(published)};
  }

  /// Made once for each text, also from one input to the next: signing is what costs most.
  std::string signature(unsigned number, const std::string& canonical) {
    auto& signatures = signatures_[canonical];
    const auto found = signatures.find(key(number).id);
    if (found != signatures.end()) return found->second;
    auto made = base::hex(key(number).secret.sign(base::as_bytes(canonical)));
    signatures.emplace(key(number).id, made);
    return made;
  }

  std::map<unsigned, Key> keys_;
  std::map<std::string, std::set<std::string>> ledger_;                   ///< text -> IDs of keys
  std::map<std::string, std::map<std::string, std::string>> signatures_;  ///< text -> ID of key -> signature
};

}  // namespace gapstow::fuzz
