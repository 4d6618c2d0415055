// tests/data/spoilings.txt: what every reading of every spoiled role has to give.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "support/spoiling_lab.h"

namespace gapstow::test {

class SpoilingTable {
 public:
  static constexpr std::size_t kRoles = 5;
  struct Line {
    unsigned number = 0;
    std::string spoiling;
    Reading where;                          ///< "*": any
    std::array<std::string, kRoles> cells;  ///< a code, "ok", "-" (there is no such thing) or "." (as above)
    std::string reason;
    std::array<bool, kRoles> used{};
  };
  /// What one cell says.
  struct Cell {
    std::string expected;
    unsigned line = 0;
  };

  /// Throws std::runtime_error naming the line that cannot be read.
  static SpoilingTable read();
  /// The cell of the last line that fits and does not say "."; notes that it was needed.
  std::optional<Cell> look_up(const std::string& spoiling, const Reading& reading, std::size_t role);
  /// Why gapstow refuses what the Notary client takes; or empty.
  std::string reason_for(const std::string& spoiling) const;
  /// Cells that nothing has asked for.
  std::vector<std::string> unused() const;
  const std::vector<Line>& lines() const { return lines_; }

 private:
  std::vector<Line> lines_;
};

/// "ok", or the code's name.
std::string word_for(const std::optional<base::ErrorCode>& code);

}  // namespace gapstow::test
