// The real chains of samples/chains, as files.
#pragma once

#include <optional>
#include <string>

#include "gapstow/tuf/chain.h"

namespace gapstow::test {

inline const std::string kSampleGun = "localhost:5000/lab/app";

/// samples/chains/<name>.
tuf::ChainFiles sample_files(const std::string& name);
/// A folder of files as served; nothing when the folder is not there. `folder` is absolute.
std::optional<tuf::ChainFiles> read_chain(const std::string& folder);
/// Public data that stays outside of the repository; tests are skipped by name where it is absent.
std::string public_vectors();

}  // namespace gapstow::test
