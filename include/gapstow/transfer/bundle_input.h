// BundleInput: a bundle to be read, from a file, from standard input or from parts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/bundle/reader.h"

namespace gapstow::transfer {

class BundleInput {
 public:
  virtual ~BundleInput() = default;
  /// Reads all of it through `consumer`. Once.
  virtual bundle::VerifiedBundle read(bundle::Consumer& consumer, const bundle::ReadOptions& options) = 0;
  /// Only the seal, unproven. Once, and not together with read().
  virtual bundle::Seal read_seal() = 0;
  virtual std::string description() const = 0;
};

/// One path: a bundle, a lone part, or "-" for `standard_input`. Several: parts in any order.
std::unique_ptr<BundleInput> open_bundle(base::ReadFs& fs, const std::vector<std::string>& paths,
                                         base::Source& standard_input);

}  // namespace gapstow::transfer
