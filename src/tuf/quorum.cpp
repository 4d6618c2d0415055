#include "quorum.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "words.h"

namespace gapstow::tuf {
namespace {

using base::Error;
using base::ErrorCode;

}  // namespace

Count count_signatures(base::ByteView canonical, const std::vector<Signature>& signatures, const Electorate& electorate,
                       const std::function<bool(const Key&)>& counts) {
  Count count;
  const std::set<std::string_view> eligible(electorate.role.key_ids.begin(), electorate.role.key_ids.end());
  std::set<std::string_view> fingerprints;
  for (const auto& signature : signatures) {
    if (!eligible.contains(signature.key_id)) continue;
    const auto key = electorate.keys.find(signature.key_id);
    if (key == electorate.keys.end() || (counts && !counts(key->second))) continue;
    const auto scheme = key->second.scheme ? key->second.scheme : signature.scheme;
    if (!scheme) continue;
    if (!key->second.key.verify(*scheme, canonical, signature.value)) {
      count.bad.push_back(signature.key_id);
    } else if (fingerprints.insert(key->second.key.fingerprint()).second) {
      count.signed_by.push_back(signature.key_id);
    }
  }
  return count;
}

void fail_quorum(const Count& count, const Electorate& electorate) {
  const std::string needed = std::to_string(electorate.role.threshold);
  if (!count.bad.empty()) {
    throw Error(ErrorCode::signature_invalid,
                "signature by key " + short_id(count.bad.front()) + " of " + electorate.by + " does not verify; " +
                    std::to_string(count.signed_by.size()) + " of " + needed + " keys signed");
  }
  throw Error(ErrorCode::threshold_unmet, "signed by " + std::to_string(count.signed_by.size()) + " of the " + needed +
                                              " keys that " + electorate.by + " demands");
}

std::vector<std::string> require_quorum(base::ByteView canonical, const std::vector<Signature>& signatures,
                                        const Electorate& electorate, const std::function<bool(const Key&)>& counts) {
  auto count = count_signatures(canonical, signatures, electorate, counts);
  if (electorate.role.threshold == 0 || count.signed_by.size() < electorate.role.threshold) {
    fail_quorum(count, electorate);
  }
  return std::move(count.signed_by);
}

void check_role_keys(const RoleKeys& role, const KeyMap& keys) {
  std::set<std::string_view> ids;
  std::set<std::string_view> fingerprints;
  for (const auto& id : role.key_ids) {
    const auto key = keys.find(id);
    if (key == keys.end()) throw Error(ErrorCode::role_invalid, "key " + short_id(id) + " is not defined");
    if (!ids.insert(id).second) throw Error(ErrorCode::role_invalid, "key " + short_id(id) + " is listed twice");
    fingerprints.insert(key->second.key.fingerprint());
  }
  if (role.threshold < 1 || role.threshold > fingerprints.size()) {
    throw Error(ErrorCode::role_invalid, "threshold " + std::to_string(role.threshold) + " does not fit " +
                                             std::to_string(fingerprints.size()) + " distinct keys");
  }
}

void check_signature_list(const std::vector<Signature>& signatures) {
  std::set<std::string_view> ids;
  for (const auto& signature : signatures) {
    if (ids.insert(signature.key_id).second) continue;
    throw Error(ErrorCode::role_invalid, "two signatures name key " + short_id(signature.key_id));
  }
}

}  // namespace gapstow::tuf
