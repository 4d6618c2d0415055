// Where each entry stands in a bundle: positions follow from the statement alone.
#pragma once

#include <cstdint>
#include <vector>

#include "gapstow/bundle/statement.h"

namespace gapstow::bundle {

struct EntryPosition {
  std::uint64_t header = 0;   ///< offset of the tar header
  std::uint64_t content = 0;  ///< offset of the first content byte
  std::uint64_t end = 0;      ///< offset behind the padding
};

struct Layout {
  std::vector<EntryPosition> entries;  ///< parallel to Statement::entries
  std::uint64_t seal_content = 0;      ///< offset of the seal's first byte
  std::uint64_t total = 0;             ///< bytes of the whole bundle, trailer included
};

Layout lay_out(const Statement& statement);

}  // namespace gapstow::bundle
