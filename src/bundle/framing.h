// The bytes between contents: headers, padding, trailer. Both readers and all tests of them go through here, so that
// the same bytes get the same refusal however they arrive.
#pragma once

#include <functional>
#include <string_view>

#include "gapstow/base/bytes.h"
#include "gapstow/base/cancel.h"
#include "gapstow/base/stream.h"
#include "gapstow/bundle/statement.h"

namespace gapstow::bundle {

/// Looks at every chunk that goes by: cancellation and progress.
struct Watch {
  const base::CancelToken* cancel = nullptr;
  const std::function<void(std::uint64_t)>* on_progress = nullptr;

  void passed(std::uint64_t bytes) const {
    if (cancel != nullptr) cancel->check();
    if (on_progress != nullptr && *on_progress) (*on_progress)(bytes);
  }
};

/// Reads as many bytes as are expected and compares: other bytes are Error{malformed}, also before an early end;
/// only then is an early end Error{truncated}.
void demand_bytes(base::Source& source, base::ByteView expected, std::string_view what, const Watch& watch);

/// The seal entry's size from its header, every byte of which is checked.
std::uint64_t read_seal_header(base::Source& source, const Watch& watch);

/// Two zero blocks and then the end.
void demand_trailer(base::Source& source, const Watch& watch);

/// Header, content, padding of one entry. `take` gets the content in pieces as it flows; it is proven when this
/// returns. `chunk` is the most that is read at once.
void read_entry(base::Source& source, const Entry& entry, std::size_t chunk,
                const std::function<void(base::ByteView)>& take, const Watch& watch);

}  // namespace gapstow::bundle
