// Test vectors of TUF chains as JSON files. The form is described in formats/vectors/tuf/README.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/json/value.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::test {

/// A pin as a vector spells it; the JSON member says its kind.
struct VectorPin {
  std::string kind;   ///< "keyId", "spki", "ca", "root", "firstUse"
  std::string value;  ///< hexadecimal, PEM text or the file's text; empty for "firstUse"
  bool operator==(const VectorPin&) const = default;
};

/// What has to be reported of an accepted chain; what is empty is not asked for.
struct VectorReport {
  std::string role;                                                  ///< which role answers for the target
  std::string sha256;                                                ///< of the target
  std::uint64_t length = 0;                                          ///< of the target
  std::vector<std::string> differing_roles;                          ///< always compared
  std::map<std::string, std::vector<std::string>> signed_by;         ///< role -> key IDs that count
  std::map<std::string, std::vector<std::string>> unsigned_members;  ///< role -> members that no signature covers
  bool operator==(const VectorReport&) const = default;
};

/// `text` so many times; "{n}" in it stands for 0, 1, 2 and so on.
struct Repeated {
  std::string text;
  std::uint64_t times = 0;
  std::string expanded() const;
};

struct TufVector {
  std::string name;   ///< of the file, without ".json"
  std::string title;  ///< one line
  unsigned group = 0;
  std::string dialect;
  std::string role;  ///< the one that is spoilt; empty where it is the whole
  std::string gun;
  std::string at;
  std::vector<VectorPin> pins;
  tuf::SeenRoles seen;
  std::optional<std::string> target;
  /// Chains offered before to the same reader, and refused with this class.
  std::vector<std::pair<tuf::ChainFiles, std::string>> earlier;
  tuf::ChainFiles files;
  std::string expect;               ///< "ok" or a failure class
  std::vector<std::string> lapsed;  ///< with "expired": what has lapsed
  VectorReport report;              ///< with "ok"
  std::vector<Repeated> repeated;   ///< pieces of files that are written short; not read back
};

/// Throws base::Error or std::runtime_error for a text that is not in the form; unknown members are refused.
TufVector parse_tuf_vector(const std::string& name, const std::string& text);
std::string write_tuf_vector(const TufVector& vector);

/// What gapstow says to a vector.
struct TufOutcome {
  std::string verdict;  ///< "ok" or a failure class
  std::string why;      ///< of a refusal
  std::vector<std::string> lapsed;
  VectorReport report;
};
TufOutcome judge(const TufVector& vector);

}  // namespace gapstow::test
