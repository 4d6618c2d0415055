#include "gapstow/bundle/layout.h"

#include "gapstow/archive/ustar.h"
#include "gapstow/base/checked.h"
#include "gapstow/bundle/seal.h"

namespace gapstow::bundle {

Layout lay_out(const Statement& statement) {
  Layout layout;
  layout.entries.reserve(statement.entries.size());
  layout.seal_content = archive::kBlock;
  std::uint64_t at = base::checked_add(0, archive::entry_span(kSealName, statement.seal_size));
  for (const Entry& entry : statement.entries) {
    const std::uint64_t span = archive::entry_span(entry.name, entry.size);
    const std::uint64_t body = base::checked_add(entry.size, archive::padding_of(entry.size));
    const std::uint64_t end = base::checked_add(at, span);
    layout.entries.push_back({at, end - body, end});
    at = end;
  }
  layout.total = base::checked_add(at, archive::kTrailerBytes);
  return layout;
}

}  // namespace gapstow::bundle
