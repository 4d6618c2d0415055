#include "gapstow/enforce/image_review.h"

#include "gapstow/base/checked.h"
#include "gapstow/json/write.h"
#include "review_parts.h"

namespace gapstow::enforce {
namespace {

using base::Error;

constexpr std::string_view kApiVersion = "imagepolicy.k8s.io/v1alpha1";
constexpr std::string_view kKind = "ImageReview";
constexpr std::size_t kMaxAnnotationBytes = kMaxReviewTokens * (kMaxTokenBytes + 1);

/// A member that may be absent or null, which Go writes for what is empty.
std::optional<json::Cursor> filled(const json::Cursor& object, std::string_view name) {
  auto member = object.maybe(name);
  if (member && member->value().is_null()) member.reset();
  return member;
}

Question question_of(const json::Cursor& spec, const ReviewOptions& options) {
  Question question;
  question.tags = options.tags == TagPolicy::accept ? TagPolicy::accept : TagPolicy::demand;
  if (const auto place = filled(spec, "namespace")) question.place = place->string();
  if (const auto annotations = filled(spec, "annotations")) {
    if (const auto token = annotations->maybe(kImageReviewOverride)) {
      question.tokens = tokens_of(token->string(kMaxAnnotationBytes));
    }
  }
  return question;
}

void judge_containers(ReviewAnswer& answer, const Judge& judge, const ReviewOptions& options, const json::Cursor& spec,
                      base::Time now) {
  try {
    Question question = question_of(spec, options);
    answer.place = question.place;
    Bench bench(judge, std::move(question), options, now);
    const auto containers = spec.at("containers").array();
    base::check_limit(containers.size(), kMaxReviewImages, "containers of a review");
    for (const auto& container : containers) {
      const auto image = container.maybe("image");
      answer.rulings.push_back(bench.judge(image ? image->string(kMaxReviewBytes) : std::string()));
    }
    // A pod without any container does not exist: something else was meant than what is read here.
    if (answer.rulings.empty()) spec.refuse("no containers");
  } catch (const Error& error) {
    answer.rulings = {refusal_of(error.code(), "malformed-request", error.line())};
  }
}

}  // namespace

ReviewAnswer answer_image_review(const Judge& judge, const ReviewOptions& options, base::ByteView body,
                                 base::Time now) {
  ReviewAnswer answer;
  try {
    const json::Value request = parse_review(body, kApiVersion, kKind);
    judge_containers(answer, judge, options, json::Cursor(request).at("spec"), now);
  } catch (const Error& error) {
    return unanswerable(error);
  }
  answer.allowed = all_allowed(answer.rulings);
  answer.note = note_of(answer.rulings, answer.allowed);
  json::Object status{
      {"allowed", answer.allowed},
      {"auditAnnotations", audit_annotations(answer.rulings, answer.allowed, judge.snapshot(), "gapstow-")}};
  if (!answer.allowed) status.set("reason", denial_reason(answer.rulings));
  answer.body = json::serialize(json::Object{{"apiVersion", kApiVersion}, {"kind", kKind}, {"status", status}});
  return answer;
}

}  // namespace gapstow::enforce
