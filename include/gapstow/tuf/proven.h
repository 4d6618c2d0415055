// What the engine has proven about one role, and how long things are valid.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"

namespace gapstow::tuf {

/// `Lifetime::what` of the leaf certificates of the final root's root keys.
inline constexpr std::string_view kRootCertificate = "root certificate";

inline constexpr std::size_t kMaxUnsignedMembers = 16;

/// How long something is valid, for the policy to judge.
struct Lifetime {
  std::string what;                      ///< "timestamp", "targets/releases", "root certificate"
  std::optional<base::Time> not_before;  ///< certificates only
  base::Time until;
};

/// One role that was proven.
struct ProvenRole {
  std::string name;
  std::uint64_t version = 0;
  base::Time expires;
  std::uint64_t length = 0;
  digest::Digest sha256;  ///< of the raw bytes
  unsigned threshold = 1;
  std::vector<std::string> signed_by;  ///< key IDs whose signatures counted
  /// Members of the file that no signature covers and that mean nothing: "extra", "signatures[0].note". Anybody can
  /// have put them there. At most kMaxUnsignedMembers are named.
  std::vector<std::string> unsigned_members;
};

}  // namespace gapstow::tuf
