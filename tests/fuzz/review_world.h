// A judge for fuzz targets: knows one image, docker.io/library/redis:7.2 with the digest of the text "redis".
#pragma once

#include <memory>

#include "fuzz/fuzz.h"
#include "gapstow/enforce/review.h"

namespace gapstow::fuzz {

inline const base::Time kReviewTime{1'795'399'200, 0};

inline const enforce::Judge& review_judge() {
  static const enforce::Judge judge = [] {
    enforce::KnownImage redis;
    redis.origin = "docker.io/library/redis:7.2";
    redis.media_type = "application/vnd.oci.image.index.v1+json";
    redis.digest = digest::sha256(base::as_bytes("redis"));
    redis.children = {digest::sha256(base::as_bytes("redis-amd64"))};
    redis.rule = "default";
    enforce::SnapshotContent content;
    content.made_at = kReviewTime;
    content.clock_floor = kReviewTime;
    content.images = {redis};
    return enforce::Judge(enforce::Snapshot::own(enforce::write_snapshot(content)), {});
  }();
  return judge;
}

/// An answer allows only what it has ruled on, image by image.
inline void check_answer(const enforce::ReviewAnswer& answer) {
  require(answer.status == 200 || answer.status == 400, "an answer is 200 or 400");
  require(answer.status == 200 || !answer.allowed, "what is no review is not allowed");
  for (const auto& ruling : answer.rulings) {
    require(!answer.allowed || ruling.allowed(), "what is allowed holds nothing that is denied");
    require(ruling.allowed() || ruling.code.has_value(), "a denial has a code");
  }
  require(answer.allowed || !answer.rulings.empty(), "a denial has a ruling");
}

}  // namespace gapstow::fuzz
