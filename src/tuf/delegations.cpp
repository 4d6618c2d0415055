#include "gapstow/tuf/delegations.h"

#include <algorithm>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"

namespace gapstow::tuf {
namespace {

constexpr unsigned kBitsPerDigit = 4;

std::size_t digits_of(const Bins& bins) { return (bins.bits + kBitsPerDigit - 1) / kBitsPerDigit; }

std::string hex_number(std::uint64_t number, std::size_t digits) {
  std::string text(digits, '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, number >>= kBitsPerDigit) {
    *at = "0123456789abcdef"[number & 0xF];
  }
  return text;
}

/// Of lower-case hexadecimal digits.
std::uint64_t number_of(std::string_view hex) {
  std::uint64_t number = 0;
  for (const char c : hex) {
    number = number << kBitsPerDigit | static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return number;
}

/// A bin in the terms of other delegations: where its number of bits is not one of whole digits, several prefixes of
/// hashes lead to it.
Delegation bin_at(const Bins& bins, std::size_t index) {
  const std::size_t digits = digits_of(bins);
  const std::uint64_t shares = std::uint64_t{1} << (digits * kBitsPerDigit - bins.bits);
  Delegation bin;
  bin.name = bins.prefix + "-" + hex_number(index, digits);
  bin.keys = bins.keys;
  bin.terminating = true;
  for (std::uint64_t i = 0; i < shares; ++i) bin.hash_prefixes.push_back(hex_number(index * shares + i, digits));
  return bin;
}

}  // namespace

Delegation delegation_at(const Targets& targets, std::size_t index) {
  if (targets.bins ? index >> targets.bins->bits != 0 : index >= targets.delegations.size()) {
    throw base::Error(base::ErrorCode::internal, "there is no delegation of number " + std::to_string(index));
  }
  return targets.bins ? bin_at(*targets.bins, index) : targets.delegations[index];
}

std::size_t bin_for(const Bins& bins, std::string_view sha256_hex) {
  const std::size_t digits = digits_of(bins);
  return number_of(sha256_hex.substr(0, digits)) >> (digits * kBitsPerDigit - bins.bits);
}

std::optional<std::size_t> bin_named(const Bins& bins, std::string_view role) {
  if (!role.starts_with(bins.prefix)) return std::nullopt;
  role.remove_prefix(bins.prefix.size());
  if (!role.starts_with('-') || !base::is_hex(role.substr(1), digits_of(bins))) return std::nullopt;
  const std::uint64_t number = number_of(role.substr(1));
  return number >> bins.bits == 0 ? std::optional<std::size_t>(number) : std::nullopt;
}

bool delegates_to(const Targets& targets, std::string_view role) {
  if (targets.bins) return bin_named(*targets.bins, role).has_value();
  return std::ranges::find(targets.delegations, role, &Delegation::name) != targets.delegations.end();
}

std::size_t DelegationGraph::add(Grant grant) {
  const std::size_t index = grants_.size();
  first_grant_.emplace(grant.role, index);
  by_delegator_.emplace(std::pair(grant.delegator, grant.role), index);
  grants_.push_back(std::move(grant));
  return index;
}

const std::size_t* DelegationGraph::find_grant(const std::string& role) const {
  const auto found = first_grant_.find(role);
  return found == first_grant_.end() ? nullptr : &found->second;
}

void DelegationGraph::add_other_bins(Grant grant) {
  grant.present = false;
  other_bins_.emplace(grant.delegator, grants_.size());
  grants_.push_back(std::move(grant));
}

std::optional<std::size_t> DelegationGraph::find_grant(const std::string& delegator, const std::string& role) const {
  const auto own = by_delegator_.find(std::pair(delegator, role));
  if (own != by_delegator_.end()) return own->second;
  const auto other = other_bins_.find(delegator);
  return other == other_bins_.end() ? std::nullopt : std::optional(other->second);
}

const Targets* DelegationGraph::targets(const std::string& role) const {
  const auto found = targets_.find(role);
  return found == targets_.end() ? nullptr : &found->second;
}

}  // namespace gapstow::tuf
