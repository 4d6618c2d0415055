// The envelope of an AdmissionReview: what an answer needs to know before any object is looked at.
#pragma once

#include <string>

#include "gapstow/json/value.h"
#include "pod_images.h"

namespace gapstow::enforce {

inline constexpr std::string_view kAdmissionVersion = "admission.k8s.io/v1";
inline constexpr std::string_view kAdmissionKind = "AdmissionReview";

/// Views into the review, which must outlive it.
struct AdmissionRequest {
  std::string uid;
  std::string operation;  ///< "CREATE"
  ObjectKind kind;
  std::string resource;
  std::string subresource;
  std::string place;  ///< namespace
  std::string name;
  const json::Value* object = nullptr;      ///< nullptr: absent or null
  const json::Value* old_object = nullptr;  ///< as before

  /// "UPDATE pods/ephemeralcontainers shop/web"
  std::string text() const;
};

/// Error{malformed} when there is no request that an answer could name.
AdmissionRequest read_admission_request(const json::Value& review);

}  // namespace gapstow::enforce
