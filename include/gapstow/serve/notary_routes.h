// The trust server: Notary's read API with the original bytes. Source: notary 0.7, server/server.go (routes).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gapstow/serve/holdings.h"
#include "gapstow/serve/http.h"

namespace gapstow::serve {

/// GET and HEAD of /v2/GUN/_trust/tuf/ROLE.json, ROLE.CHECKSUM.json and N.ROLE.json, and of /_notary_server/health.
/// Writing, deleting and keys are 405, the list of changes 404: nothing changes here. A GUN is found by its origin
/// name, or by a local one that a relocation leads from.
class NotaryRoutes {
 public:
  explicit NotaryRoutes(const HoldingsCell& holdings) : holdings_(holdings) {}
  void answer(const std::shared_ptr<const Request>& request, const Reply& reply) const;
  /// Whether a path is this object's.
  static bool owns(std::string_view path);

 private:
  Response file(const Request& request, const std::string& gun, std::string_view name) const;
  const HoldingsCell& holdings_;
};

}  // namespace gapstow::serve
