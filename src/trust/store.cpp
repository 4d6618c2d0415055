#include "gapstow/trust/store.h"

#include <algorithm>
#include <array>

#include "gapstow/base/error.h"

namespace gapstow::trust {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::array kExpiryNames{std::pair{ExpiryRule::now, std::string_view("now")},
                                  std::pair{ExpiryRule::sealed, std::string_view("sealed")},
                                  std::pair{ExpiryRule::ignore, std::string_view("ignore")}};

/// The highest specificity of those items whose pattern matches; nothing when none does.
template <typename Items>
std::optional<std::size_t> best_specificity(const Items& items, const std::string& gun) {
  std::optional<std::size_t> best;
  for (const auto& item : items) {
    if (!item.pattern.matches(gun)) continue;
    best = std::max(best.value_or(0), item.pattern.specificity());
  }
  return best;
}

}  // namespace

std::string_view name(ExpiryRule rule) {
  return std::ranges::find(kExpiryNames, rule, &decltype(kExpiryNames)::value_type::first)->second;
}

ExpiryRule parse_expiry_rule(std::string_view text) {
  const auto found = std::ranges::find(kExpiryNames, text, &decltype(kExpiryNames)::value_type::second);
  if (found == kExpiryNames.end()) {
    throw Error(ErrorCode::usage, "'" + std::string(text.substr(0, 64)) + "' is not an expiry rule",
                "write now, sealed or ignore");
  }
  return found->first;
}

tuf::RootPin RootEntry::pin() const {
  switch (kind) {
    case Kind::key_id:
      return tuf::KeyIdPin{value};
    case Kind::spki:
      return tuf::SpkiPin{value};
    case Kind::ca:
      return tuf::CaPin{sign::Certificate::from_pem(value)};
    case Kind::root:
      return tuf::RootFilePin{base::to_bytes(value)};
  }
  throw Error(ErrorCode::internal, "a root entry of no known kind");
}

const TrustedSigner* TrustStore::find_signer(std::string_view signer_name) const {
  const auto found = std::ranges::find(signers, signer_name, &TrustedSigner::name);
  return found == signers.end() ? nullptr : &*found;
}

const TrustedSigner* TrustStore::find_signer_by_fingerprint(std::string_view fingerprint) const {
  const auto found =
      std::ranges::find_if(signers, [&](const TrustedSigner& each) { return each.key.fingerprint() == fingerprint; });
  return found == signers.end() ? nullptr : &*found;
}

const Operator* TrustStore::find_operator(std::string_view operator_name) const {
  const auto found = std::ranges::find(operators, operator_name, &Operator::name);
  return found == operators.end() ? nullptr : &*found;
}

std::vector<tuf::RootPin> TrustStore::pins_for(const std::string& gun) const {
  std::vector<tuf::RootPin> pins;
  const auto best = best_specificity(roots, gun);
  for (const auto& root : roots) {
    if (best && root.pattern.matches(gun) && root.pattern.specificity() == *best) pins.push_back(root.pin());
  }
  return pins;
}

const Rule* TrustStore::rule_for(const std::string& gun) const {
  const auto best = best_specificity(rules, gun);
  if (!best) return nullptr;
  const auto found = std::ranges::find_if(
      rules, [&](const Rule& rule) { return rule.pattern.matches(gun) && rule.pattern.specificity() == *best; });
  return &*found;
}

}  // namespace gapstow::trust
