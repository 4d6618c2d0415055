// The JSON patch (RFC 6902) by which the mutating hook pins the images of a pod.
#pragma once

#include <vector>

#include "gapstow/enforce/judge.h"
#include "gapstow/json/value.h"
#include "pod_images.h"

namespace gapstow::enforce {

/// An image whose reference is new in this request, and the ruling on it.
struct JudgedImage {
  const PodImage* image = nullptr;
  const Ruling* ruling = nullptr;
};

/// Replaces what was ruled `mutate`, and writes down in annotations what stood there before; annotations that speak of
/// an image that is no longer there are removed. Every replacement is preceded by a test, so that it fails loudly when
/// something else stands there by now. Empty when there is nothing to do.
json::Array pinning_patch(const PodView& pod, const std::vector<JudgedImage>& judged, bool with_annotations);

}  // namespace gapstow::enforce
