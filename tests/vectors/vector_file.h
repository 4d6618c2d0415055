// Test vectors as files: header lines "name: value", a blank line, bytes compressed with zstd. The form is described in
// formats/vectors/README.md.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gapstow/base/bytes.h"

namespace gapstow::test {

struct VectorFile {
  std::vector<std::pair<std::string, std::string>> header;  ///< in order; a name may occur several times
  base::Bytes bytes;
  bool operator==(const VectorFile&) const = default;
};

/// Throws std::runtime_error for a file that is not in the form.
VectorFile parse_vector(const std::string& file);
std::string write_vector(const VectorFile& vector);

/// Reads a header name by name; done() throws std::runtime_error when a line was not asked for.
class VectorHeader {
 public:
  explicit VectorHeader(const VectorFile& vector) : rest_(vector.header) {}
  /// All values of that name.
  std::vector<std::string> take_all(const std::string& name);
  /// The value of a name that occurs once.
  std::string take(const std::string& name);
  /// The value of a name that occurs once or not at all.
  std::string take_or(const std::string& name, const std::string& otherwise);
  void done() const;

 private:
  std::vector<std::pair<std::string, std::string>> rest_;
};

}  // namespace gapstow::test
