#include "gapstow/serve/admission_routes.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "answers.h"
#include "gapstow/base/error.h"
#include "gapstow/base/time.h"
#include "gapstow/enforce/admission_review.h"
#include "gapstow/enforce/image_review.h"
#include "http_words.h"

namespace gapstow::serve {
namespace {

/// A path and the answer to what is posted there.
struct Point {
  std::string_view path;
  std::string_view name;  ///< in logs and metrics
  enforce::ReviewAnswer (*answer)(const enforce::Judge&, const enforce::ReviewOptions&, base::ByteView, base::Time);
};

constexpr Point kPoints[] = {
    {"/k8s/image-review", "image-policy", enforce::answer_image_review},
    {"/k8s/validate", "validate",
     [](const enforce::Judge& judge, const enforce::ReviewOptions& options, base::ByteView body, base::Time now) {
       return enforce::answer_admission_review(judge, options, enforce::Hook::validate, body, now);
     }},
    {"/k8s/mutate", "mutate",
     [](const enforce::Judge& judge, const enforce::ReviewOptions& options, base::ByteView body, base::Time now) {
       return enforce::answer_admission_review(judge, options, enforce::Hook::mutate, body, now);
     }},
};

const Point* find_point(std::string_view path) {
  for (const auto& point : kPoints) {
    if (point.path == path) return &point;
  }
  return nullptr;
}

bool is_json(std::string_view type) {
  constexpr std::string_view kJson = "application/json";
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return same_word(type, kJson);
}

/// How long judging may take: a part of what the API server waits, so that the answer still gets there.
std::chrono::milliseconds time_to_judge(const Request& request) {
  constexpr std::chrono::milliseconds kMost{5000};
  std::chrono::milliseconds most = kMost;
  if (const auto timeout = request.parameter("timeout")) {
    try {
      const std::int64_t seconds = base::parse_duration(*timeout);
      if (seconds > 0) most = std::min(kMost, std::chrono::milliseconds(std::min<std::int64_t>(seconds, 60) * 1000));
    } catch (const base::Error&) {
      // Go writes "10s"; what is none is no reason to refuse the question.
    }
  }
  return most - most / 10;
}

}  // namespace

void AdmissionRoutes::answer(const std::shared_ptr<const Request>& request, const Reply& reply) const {
  const Point* point = find_point(request->path);
  if (point == nullptr) return reply(text_answer(404, "image-review, validate and mutate are below /k8s\n"));
  if (request->method != "POST") return reply(method_not_allowed("POST"));
  if (!is_json(request->header("content-type"))) return reply(text_answer(415, "reviews are application/json\n"));

  const auto started = std::chrono::steady_clock::now();
  const auto holdings = parts_.holdings.get();
  enforce::ReviewOptions options = options_;
  options.deadline = started + time_to_judge(*request);
  auto answer = point->answer(holdings->judge, options, base::as_bytes(request->body), parts_.clock.now());
  parts_.metrics.decision_took(
      point->name, std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started));
  for (const auto& ruling : answer.rulings) {
    parts_.metrics.decision(point->name, enforce::name(ruling.verdict), ruling.rule);
    parts_.log.decision(point->name, answer.place, request->peer, ruling);
  }
  Response response = text_answer(answer.status, std::move(answer.body), "application/json");
  response.note = std::move(answer.note);
  reply(std::move(response));
}

}  // namespace gapstow::serve
