#include "pages.h"

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "location.h"

namespace gapstow::registry {

Reply Pages::next() {
  Reply reply = server_.send(call_);
  at_end_ = true;
  if (reply.status != 200) return reply;
  bytes_ = base::checked_add(bytes_, reply.body.size());
  base::check_limit(bytes_, kMaxListBytes, "size of the " + what_);
  auto further = base::with_context(what_, [&] { return next_page(reply); });
  if (!further) return reply;
  at_end_ = false;
  seen_.insert(reply.url);
  if (!seen_.insert(*further).second) {
    throw base::Error(base::ErrorCode::malformed, what_ + ": the pages of the list go round in a circle");
  }
  base::check_limit(seen_.size(), kMaxPages, "number of pages of the " + what_);
  call_.target = std::move(*further);
  return reply;
}

}  // namespace gapstow::registry
