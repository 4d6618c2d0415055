#include "gapstow/enforce/admission_review.h"

#include <algorithm>

#include "admission_patch.h"
#include "admission_request.h"
#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"
#include "review_parts.h"

namespace gapstow::enforce {
namespace {

using base::Error;
using base::ErrorCode;

/// What is to be answered.
struct Finding {
  std::vector<Ruling> rulings;
  json::Array patch;
  std::string passed;  ///< why nothing was judged; empty when something was
};

Finding pass(std::string why) { return {{}, {}, std::move(why)}; }

Finding refuse(ErrorCode code, std::string_view rule, std::string reason) {
  return {{refusal_of(code, rule, std::move(reason))}, {}, {}};
}

/// An object must be what the request calls it: by that name it was decided where its images are.
void check_kind(const json::Value& object, const ObjectKind& kind) {
  const json::Cursor at(object);
  const std::string api_version = (kind.group.empty() ? "" : kind.group + "/") + kind.version;
  if (at.at("apiVersion").string() != api_version || at.at("kind").string() != kind.kind) {
    at.refuse("the object is no " + kind.text() + ", as the request calls it");
  }
}

bool is_being_deleted(const json::Value& object) {
  const auto metadata = json::Cursor(object).maybe("metadata");
  if (!metadata || metadata->value().is_null()) return false;
  const auto stamp = metadata->maybe("deletionTimestamp");
  return stamp && stamp->value().get_if<std::string>() != nullptr && !stamp->string().empty();
}

/// Nothing for an old object that cannot be read: then everything counts as new.
std::optional<PodView> find_old_pod(const AdmissionRequest& request, const std::vector<std::string_view>& way) {
  if (request.operation != "UPDATE" || request.old_object == nullptr) return std::nullopt;
  try {
    check_kind(*request.old_object, request.kind);
    return find_pod(*request.old_object, way);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// The same image in the same place.
bool stood_before(const PodImage& image, const std::optional<PodView>& old) {
  if (!old) return false;
  return std::ranges::any_of(old->images, [&](const PodImage& other) {
    return other.part == image.part && other.name == image.name && other.reference == image.reference;
  });
}

Ruling unchanged(const PodImage& image) {
  Ruling ruling;
  ruling.verdict = Ruling::Verdict::allow;
  ruling.local = image.reference;
  ruling.rule = "unchanged";
  ruling.reason = "the update leaves the image as it was";
  return ruling;
}

Question question_of(const AdmissionRequest& request, const PodView& pod, const ReviewOptions& options, Hook hook) {
  Question question;
  question.place = request.place;
  const bool accepts = options.tags == TagPolicy::accept;
  question.tags = hook == Hook::mutate ? TagPolicy::pin : accepts ? TagPolicy::accept : TagPolicy::demand;
  if (const auto* tokens = pod.annotation(kAdmissionOverride)) question.tokens = tokens_of(*tokens);
  return question;
}

Finding judge_pod(const Judge& judge, const ReviewOptions& options, Hook hook, const AdmissionRequest& request,
                  const PodView& pod, const std::optional<PodView>& old, base::Time now) {
  // A pod without any image does not exist: something else was meant than what is read here.
  if (pod.images.empty()) return refuse(ErrorCode::malformed, "malformed-request", "the object names no image");
  Finding finding;
  Bench bench(judge, question_of(request, pod, options, hook), options, now);
  finding.rulings.reserve(pod.images.size());
  std::vector<JudgedImage> judged;
  for (const auto& image : pod.images) {
    const bool stood = stood_before(image, old);
    const auto& ruling = finding.rulings.emplace_back(stood ? unchanged(image) : bench.judge(image.reference));
    if (!stood) judged.push_back({&image, &ruling});  // stays where it is: the room was reserved
  }
  if (hook == Hook::mutate && all_allowed(finding.rulings)) {
    // The subresource keeps nothing of the object but the ephemeral containers.
    finding.patch = pinning_patch(pod, judged, request.subresource != "ephemeralcontainers");
  }
  return finding;
}

Finding judge_request(const Judge& judge, const ReviewOptions& options, Hook hook, const AdmissionRequest& request,
                      base::Time now) {
  if (request.operation == "DELETE" || request.operation == "CONNECT") return pass(request.operation + " brings none");
  if (request.operation != "CREATE" && request.operation != "UPDATE") {
    return refuse(ErrorCode::unsupported, "unknown-operation",
                  "the operation " + shown(request.operation, 60) + " is not known to gapstow");
  }
  if (holds_no_image(request.kind)) return pass(request.kind.kind + " holds none");
  const auto way = way_to_pod(request.kind);
  if (!way) {
    return refuse(ErrorCode::unsupported, "unknown-kind",
                  "gapstow does not know where " + shown(request.kind.text(), 200) +
                      " holds images; take it out of the rules of the webhook");
  }
  if (request.object == nullptr) return refuse(ErrorCode::malformed, "malformed-request", "the object is missing");
  try {
    check_kind(*request.object, request.kind);
    if (request.operation == "UPDATE" && request.old_object != nullptr && is_being_deleted(*request.old_object)) {
      return pass("the object is being deleted");
    }
    const auto pod = find_pod(*request.object, *way);
    if (!pod) return pass("there is no template");
    return judge_pod(judge, options, hook, request, *pod, find_old_pod(request, *way), now);
  } catch (const Error& error) {
    return refuse(error.code(), "malformed-request", error.line());
  }
}

json::Object response_of(const Judge& judge, const AdmissionRequest& request, const Finding& finding, bool allowed) {
  json::Object response{{"uid", request.uid}, {"allowed", allowed}};
  response.set("auditAnnotations", audit_annotations(finding.rulings, allowed, judge.snapshot(), ""));
  if (!allowed) {
    response.set("status", json::Object{{"metadata", json::Object{}},
                                        {"status", "Failure"},
                                        {"reason", "Forbidden"},
                                        {"code", 403},
                                        {"message", denial_reason(finding.rulings)}});
    return response;
  }
  json::Array warnings;
  for (auto& warning : override_warnings(finding.rulings)) warnings.emplace_back(std::move(warning));
  if (!warnings.empty()) response.set("warnings", std::move(warnings));
  if (!finding.patch.empty()) {
    response.set("patchType", "JSONPatch");
    response.set("patch", base::base64(base::as_bytes(json::serialize(json::Value(finding.patch)))));
  }
  return response;
}

}  // namespace

ReviewAnswer answer_admission_review(const Judge& judge, const ReviewOptions& options, Hook hook, base::ByteView body,
                                     base::Time now) {
  ReviewAnswer answer;
  try {
    const json::Value review = parse_review(body, kAdmissionVersion, kAdmissionKind);
    const AdmissionRequest request = read_admission_request(review);
    answer.place = request.place;
    Finding finding = judge_request(judge, options, hook, request, now);
    answer.allowed = all_allowed(finding.rulings);
    answer.body = json::serialize(json::Object{{"apiVersion", kAdmissionVersion},
                                               {"kind", kAdmissionKind},
                                               {"response", response_of(judge, request, finding, answer.allowed)}});
    const bool passed = !finding.passed.empty();
    answer.note =
        request.text() + ": " + (passed ? "allow, " + finding.passed : note_of(finding.rulings, answer.allowed));
    answer.rulings = std::move(finding.rulings);
  } catch (const Error& error) {
    return unanswerable(error);
  }
  return answer;
}

}  // namespace gapstow::enforce
