// A decision file and requests about it, for the tests of reviews.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gapstow/enforce/judge.h"
#include "gapstow/json/value.h"
#include "gapstow/sign/signer.h"

namespace gapstow::test {

extern const base::Time kReviewTime;

/// Knows docker.io/library/redis:7.2 with one child, quay.io/acme/api:1.4.2 (here
/// registry.airgap.local/apps/api:stable) and docker.io/library/evil:1, which was refused. `emergency` may break the
/// glass.
class ReviewWorld {
 public:
  ReviewWorld();
  const enforce::Judge& judge() const { return *judge_; }
  std::string token(const std::string& place, const digest::Digest& digest) const;

 private:
  sign::SecretKey emergency_;
  std::unique_ptr<enforce::Judge> judge_;
};

digest::Digest redis_digest();
digest::Digest redis_child();
digest::Digest api_digest();
digest::Digest unknown_digest();

/// One of the samples that fuzzing begins with: ("admission_review", "create_tag").
std::string review_sample(const std::string& kind, const std::string& name);

std::string image_review(const std::vector<std::string>& images, const std::string& place = "shop",
                         const std::string& override_token = {});
/// A pod with one container "c0", "c1", … for each image.
json::Value pod_of(const std::vector<std::string>& images);
/// A whole review; the object's kind and version are those of the request.
std::string admission_review(const std::string& operation, const json::Value& object,
                             const json::Value& old_object = {}, const std::string& subresource = {});
extern const std::string kReviewUid;

/// The value at a JSON pointer; std::runtime_error where there is none.
const json::Value& value_at(const json::Value& document, const std::string& pointer);
std::string text_at(const json::Value& document, const std::string& pointer);

}  // namespace gapstow::test
