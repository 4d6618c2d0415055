// AdmissionReview: any body gets an answer that is JSON and names the request; a validating hook changes nothing.
#include "fuzz/fuzz.h"
#include "fuzz/review_world.h"
#include "gapstow/enforce/admission_review.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"

using namespace gapstow;
using enforce::Hook;

namespace {

void check(Hook hook, base::ByteView input) {
  const auto answer = enforce::answer_admission_review(fuzz::review_judge(), {}, hook, input, fuzz::kReviewTime);
  fuzz::check_answer(answer);
  const auto body = fuzz::accepted([&] { return json::parse(base::as_bytes(answer.body)); });
  fuzz::require(body.has_value(), "an answer is JSON");
  if (answer.status != 200) return;
  const auto response = json::Cursor(*body).at("response");
  const auto request = json::parse(input, {.reals = true});
  fuzz::require(response.at("uid").string() == json::Cursor(request).at("request").at("uid").string(), "uid is echoed");
  fuzz::require(response.at("allowed").boolean() == answer.allowed, "it says what was decided");
  const bool patched = response.maybe("patch").has_value();
  fuzz::require(patched == response.maybe("patchType").has_value(), "a patch has a type");
  fuzz::require(!patched || (hook == Hook::mutate && answer.allowed), "only a mutating hook that allows has a patch");
}

}  // namespace

FUZZ_TARGET(input) {
  check(Hook::validate, input);
  check(Hook::mutate, input);
}
