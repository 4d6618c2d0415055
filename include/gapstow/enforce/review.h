// What the answers to both kinds of Kubernetes reviews share: functions from the body of a request to the body of its
// answer. No sockets, and no clock but the one that says when the answer must be out.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "gapstow/enforce/judge.h"

namespace gapstow::enforce {

/// An API server sends at most 3 MiB of an object, an AdmissionReview holds it twice, and escaping swells it.
inline constexpr std::size_t kMaxReviewBytes = 8ULL << 20;
inline constexpr unsigned kMaxReviewDepth = 64;
/// Of the JSON: bounds the memory for it to some 100 MB. Two objects of 3 MiB hold so many when they list nothing but
/// names of a few letters.
inline constexpr std::uint64_t kMaxReviewValues = 1024 * 1024;
inline constexpr std::size_t kMaxReviewImages = 1024;  ///< containers and volumes of one request
inline constexpr std::size_t kMaxReviewTokens = 4;     ///< break-glass tokens of one request

struct ReviewOptions {
  /// What becomes of tags where the answer cannot rewrite them. `pin` is as `demand` there.
  TagPolicy tags = TagPolicy::demand;
  /// Images that were not judged by then are denied: an API server that waits in vain does not know why.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

struct ReviewAnswer {
  /// 200 for every answer, denials too: the API server takes anything else for a failure of the webhook. 400 when the
  /// request is none that could be answered.
  unsigned status = 200;
  std::string body;             ///< JSON
  bool allowed = false;         ///< what the body says
  std::vector<Ruling> rulings;  ///< one for each image, in order; one for the request when that is what was refused
  std::string place;            ///< namespace, where the request names one
  std::string note;             ///< one line for the log
};

}  // namespace gapstow::enforce
