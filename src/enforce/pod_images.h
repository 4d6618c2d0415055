// Where a Kubernetes object names images. Source: kubernetes, staging/src/k8s.io/api (core/v1, apps/v1, batch/v1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/json/cursor.h"

namespace gapstow::enforce {

/// Group, version and kind, as a request names them.
struct ObjectKind {
  std::string group;
  std::string version;
  std::string kind;
  std::string text() const;  ///< "apps/v1 Deployment"
};

/// The way from an object to the pod in it: member names; empty for a pod itself. Nothing for other kinds.
std::optional<std::vector<std::string_view>> way_to_pod(const ObjectKind& kind);
/// Kinds by which no image can come in, sent for subresources of what is judged.
bool holds_no_image(const ObjectKind& kind);

struct PodImage {
  enum class Part { container, init_container, ephemeral_container, volume };
  Part part = Part::container;
  std::string name;       ///< of the container or volume; unique within its part
  std::string pointer;    ///< JSON pointer (RFC 6901) to the reference
  std::string reference;  ///< as written; empty when there is none
};

struct PodView {
  std::string pointer;                     ///< to the pod or template: "", "/spec/template"
  const json::Object* metadata = nullptr;  ///< nullptr: absent or null
  const json::Object* annotations = nullptr;
  std::vector<PodImage> images;

  /// The value of an annotation, or nullptr.
  const std::string* annotation(std::string_view name) const;
};

/// The pod in an object; nothing where a template is optional and absent. Error{malformed}, Error{limit_exceeded} for
/// what cannot be read: whoever cannot tell which images an object names must not let it pass.
std::optional<PodView> find_pod(const json::Value& object, const std::vector<std::string_view>& way);

/// A member name as a part of a JSON pointer.
std::string pointer_part(std::string_view name);

}  // namespace gapstow::enforce
