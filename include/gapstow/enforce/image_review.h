// ImageReview of imagepolicy.k8s.io/v1alpha1, as the API server's plugin ImagePolicyWebhook sends it.
//
// The plugin reviews pods alone, tells neither who asks nor which pod it is, and cannot take a changed image. It never
// sends the images of volumes. Source: kubernetes, plugin/pkg/admission/imagepolicy.
#pragma once

#include <string_view>

#include "gapstow/base/bytes.h"
#include "gapstow/enforce/review.h"

namespace gapstow::enforce {

/// Break-glass tokens, separated by commas. The plugin passes on annotations whose name holds ".image-policy.k8s.io/".
inline constexpr std::string_view kImageReviewOverride = "gapstow.image-policy.k8s.io/override";

/// Never throws for what `body` holds. Images that are not accepted are an answer with `allowed: false` and a reason;
/// so are more than kMaxReviewImages.
ReviewAnswer answer_image_review(const Judge& judge, const ReviewOptions& options, base::ByteView body, base::Time now);

}  // namespace gapstow::enforce
