// ImageReview: any body gets an answer that is JSON, and allows nothing that was not judged.
#include "fuzz/fuzz.h"
#include "fuzz/review_world.h"
#include "gapstow/enforce/image_review.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"

using namespace gapstow;

FUZZ_TARGET(input) {
  const auto answer = enforce::answer_image_review(fuzz::review_judge(), {}, input, fuzz::kReviewTime);
  fuzz::check_answer(answer);
  fuzz::require(!answer.allowed || !answer.rulings.empty(), "images are judged before they are allowed");
  const auto body = fuzz::accepted([&] { return json::parse(base::as_bytes(answer.body)); });
  fuzz::require(body.has_value(), "an answer is JSON");
  if (answer.status != 200) return;
  fuzz::require(json::Cursor(*body).at("status").at("allowed").boolean() == answer.allowed, "it says what was decided");
}
