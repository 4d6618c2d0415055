// Outage: an exchange that got no whole answer, and whether a second try may do better.
#pragma once

#include "gapstow/base/error.h"

namespace gapstow::registry {

/// Never leaves the module as anything else than the Error{network} that it is.
class Outage final : public base::Error {
 public:
  enum class Kind { passing, lasting };
  Outage(Kind kind, std::string why, std::string hint = {})
      : Error(base::ErrorCode::network, std::move(why), std::move(hint)), kind_(kind) {}
  bool is_passing() const { return kind_ == Kind::passing; }

 private:
  Kind kind_;
};

}  // namespace gapstow::registry
