// Admission: the webhooks that API servers ask. Source: imagepolicy.k8s.io/v1alpha1, admission.k8s.io/v1.
#pragma once

#include <memory>

#include "gapstow/enforce/review.h"
#include "gapstow/serve/http.h"
#include "gapstow/serve/registry_routes.h"

namespace gapstow::serve {

/// POST of /k8s/image-review (ImageReview), /k8s/validate and /k8s/mutate (AdmissionReview). An answer takes
/// microseconds; whatever is asked, it is out before the API server gives up (`timeout` of the query) and within five
/// seconds.
class AdmissionRoutes {
 public:
  AdmissionRoutes(const ServiceParts& parts, enforce::ReviewOptions options) : parts_(parts), options_(options) {}
  void answer(const std::shared_ptr<const Request>& request, const Reply& reply) const;

 private:
  ServiceParts parts_;
  enforce::ReviewOptions options_;
};

}  // namespace gapstow::serve
