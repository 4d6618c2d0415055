// Renaming: under which names images arrive. The origin name stays in the bundle, the verdict and the history.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gapstow::transfer {

/// One --rename FROM=TO. FROM is a whole reference, a repository, or the first parts of one ("localhost:5000/lab"). TO
/// takes its place.
struct RenameRule {
  std::string from;
  std::string to;
};

/// Maps origin references to names at a destination. Default-made it keeps every name.
class Renaming {
 public:
  Renaming() = default;
  /// `host`: of the destination registry; it takes the place of the origin's host, and `prefix` (a path, or empty)
  /// stands between it and the path. Empty: names keep their hosts.
  Renaming(std::string host, std::string prefix, std::vector<RenameRule> rules)
      : host_(std::move(host)), prefix_(std::move(prefix)), rules_(std::move(rules)) {}
  /// All images get this reference (there must be one image only).
  static Renaming exactly(std::string reference);

  /// The longest FROM that matches at the end of a part decides; what it maps to is a path below the prefix, or the
  /// whole name when it begins with the destination's host. Error{invalid_reference} when the result is no reference,
  /// Error{usage} when it is of another host.
  std::string map(const std::string& origin) const;

 private:
  std::string host_;
  std::string prefix_;
  std::vector<RenameRule> rules_;
  std::string exact_;
};

/// "FROM=TO"; Error{usage} when one side is missing.
RenameRule parse_rename(std::string_view text);

}  // namespace gapstow::transfer
