// The registry: OCI distribution, pull only. Source: OCI distribution specification 1.1; `ns` as containerd sends it to
// mirrors.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/serve/border.h"
#include "gapstow/serve/event_log.h"
#include "gapstow/serve/holdings.h"
#include "gapstow/serve/http.h"
#include "gapstow/serve/metrics.h"
#include "gapstow/serve/proofs.h"

namespace gapstow::serve {

/// What the routes of one service share; outlives them.
struct ServiceParts {
  const HoldingsCell& holdings;
  Proofs& proofs;
  Metrics& metrics;
  EventLog& log;
  const base::Clock& clock;
  BorderSignatures* border = nullptr;  ///< nullptr: none are made
};

/// GET and HEAD of /v2/, manifests, blobs, tags, referrers and the catalog; all else is 405. A tag resolves to the
/// verified digest alone; what is not proven, or not any more, is 404 with the reason.
class RegistryRoutes {
 public:
  explicit RegistryRoutes(const ServiceParts& parts) : parts_(parts) {}
  void answer(const std::shared_ptr<const Request>& request, const Reply& reply) const;
  /// Whether a path is this object's.
  static bool owns(std::string_view path) { return path == "/v2" || path.starts_with("/v2/"); }

 private:
  struct Asked;
  Response documents(const Request& request, const Asked& asked) const;
  Response manifest(const Request& request, const Asked& asked) const;
  Response tags(const Request& request, const Asked& asked) const;
  Response referrers(const Request& request, const Asked& asked) const;
  Response catalog(const Request& request, const Holdings& holdings) const;
  void blob(const std::shared_ptr<const Request>& request, const Asked& asked, const Reply& reply) const;
  bool is_offered(const Asked& asked, const CatalogBlob& blob) const;
  std::vector<std::string> references_of(const Asked& asked, const digest::Digest& manifest) const;
  std::optional<Response> border_manifest(const Request& request, const Asked& asked,
                                          const std::optional<digest::Digest>& carried) const;
  enforce::Ruling rule_on(const Asked& asked, const std::string& suffix) const;
  static Response not_proven(const Asked& asked, const enforce::Ruling& ruling);
  Response show(const Request& request, const CatalogBlob& blob, const digest::Digest& digest) const;

  ServiceParts parts_;
};

}  // namespace gapstow::serve
