// Target files that travel with a chain: which ones, and that they are what the chain signs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gapstow/base/stream.h"
#include "gapstow/bundle/statement.h"
#include "gapstow/transfer/chain_source.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::transfer {

/// Error{role_invalid} unless a target's name can become a file below a folder, on every disk, and a text of the seal:
/// parts that are not empty, "." or "..", nothing that does not print, no backslash.
void check_target_path(const std::string& name);

/// What a proven target promises that the SHA-256 in a seal does not cover: its length, SHA-256 and further hashes.
/// Error{target_mismatch} where length or SHA-256 are not those of the record; the other hashes are given back.
std::vector<digest::Digest> further_hashes(const bundle::TargetFileRecord& record, const tuf::ProvenTarget& target);

/// A sink that hands on to `inner` (nullptr: to nobody) and refuses to finish unless the bytes have all these hashes.
std::unique_ptr<base::Sink> make_checking_sink(std::unique_ptr<base::Sink> inner, std::vector<digest::Digest> hashes);

/// The target files of the chains of one pack run.
class TargetShelf {
 public:
  /// Every target of a chain, sorted by name. Error{usage} when the chain's source has no target files,
  /// Error{not_found} names one that is missing there.
  std::vector<bundle::TargetFileRecord> add(const tuf::VerifiedChain& chain, std::shared_ptr<TargetFiles> files);
  bool holds(const digest::Digest& sha256) const { return places_.contains(sha256); }
  /// The content, verified by all hashes of the target as it is read.
  std::unique_ptr<base::Source> open(const digest::Digest& sha256) const;

 private:
  struct Place {
    std::shared_ptr<TargetFiles> files;
    tuf::ProvenTarget target;
  };
  std::map<digest::Digest, Place> places_;
};

}  // namespace gapstow::transfer
