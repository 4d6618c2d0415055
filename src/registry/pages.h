// Pages: a list that a registry gives in several replies, each naming the next.
#pragma once

#include <set>
#include <string>

#include "gapstow/registry/server.h"

namespace gapstow::registry {

inline constexpr std::uint64_t kMaxListBytes = 64ULL << 20;  ///< of all pages together
inline constexpr std::size_t kMaxPages = 20'000;

class Pages {
 public:
  /// `what` names the list in messages: "tags of quay.io/team/app".
  Pages(Server& server, Call first, std::string what)
      : server_(server), call_(std::move(first)), what_(std::move(what)) {}
  bool at_end() const { return at_end_; }
  /// The next page, whatever its status: only one of status 200 names a further one. Error{malformed} for a list that
  /// comes back to a page, Error{limit_exceeded} for one that is too long.
  Reply next();

 private:
  Server& server_;
  Call call_;
  std::string what_;
  std::set<std::string> seen_;
  std::uint64_t bytes_ = 0;
  bool at_end_ = false;
};

}  // namespace gapstow::registry
