// AdmissionReview of admission.k8s.io/v1, as the API server sends it to validating and mutating webhooks.
//
// Judged are the images of containers, initContainers, ephemeralContainers and volumes of pods and of the templates in
// PodTemplate, ReplicationController, ReplicaSet, Deployment, StatefulSet, DaemonSet, Job and CronJob. Objects that
// hold no image (Binding, Eviction, Scale, TokenRequest) pass, all other kinds are denied: a webhook that is wired to
// them would otherwise seem to protect. DELETE and CONNECT bring no image and pass, as does the update of an object
// that is being deleted already and, image by image, what an update leaves as it was.
// Source: kubernetes, staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook.
#pragma once

#include <string_view>

#include "gapstow/base/bytes.h"
#include "gapstow/enforce/review.h"

namespace gapstow::enforce {

/// Break-glass tokens, separated by commas: an annotation of the pod or of the pod template.
inline constexpr std::string_view kAdmissionOverride = "gapstow.dev/override";
/// Followed by the name of a container, or by "volume." and that of a volume: the image as it was before it was pinned.
inline constexpr std::string_view kOriginalImage = "gapstow.dev/original-image.";

enum class Hook {
  validate,  ///< never changes anything
  mutate,    ///< pins tags to the digests they stand for; denies what the validating hook would deny
};

/// The name of that annotation. Names of more than 48 characters, and what no annotation could be called, are cut and
/// told apart by a hash: Kubernetes allows 63 characters behind the slash.
std::string original_image_annotation(std::string_view name);

/// Never throws for what `body` holds. A request without a usable envelope is answered with 400; an object that cannot
/// be read is denied.
ReviewAnswer answer_admission_review(const Judge& judge, const ReviewOptions& options, Hook hook, base::ByteView body,
                                     base::Time now);

}  // namespace gapstow::enforce
