// ChainVerifier: turns files and pins into a VerifiedChain, step by step.
#pragma once

#include <string>
#include <vector>

#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/trusted_set.h"

namespace gapstow::tuf {

/// One verification; used once.
class ChainVerifier {
 public:
  ChainVerifier(const ChainFiles& files, TrustedSet set) : files_(files), set_(std::move(set)) {}
  VerifiedChain run(std::string pin, std::uint64_t first_root);

 private:
  void walk_roots();
  void walk_delegations();
  void take_grant(const std::string& delegator, std::size_t index, const Grant& parent);
  void check_leftovers();
  void add_lifetimes(VerifiedChain& chain) const;
  void add_roles(VerifiedChain& chain) const;

  /// A delegation still to be followed.
  struct Pending {
    std::string delegator;
    std::size_t index;
    std::size_t parent;  ///< grant of the delegator
  };
  void push_children(std::size_t grant);
  void push_bins(const Bins& bins, const std::string& role, std::size_t grant);

  const ChainFiles& files_;
  TrustedSet set_;
  DelegationGraph graph_;
  std::vector<Pending> pending_;
  std::vector<std::string> order_;  ///< proven roles in pre-order
  std::vector<std::string> absent_;
  std::vector<std::string> unreachable_;
};

}  // namespace gapstow::tuf
