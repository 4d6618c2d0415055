#include "support/kubernetes_rules.h"

#include <regex>
#include <stdexcept>

#include "gapstow/base/encoding.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"

namespace gapstow::test {
namespace {

constexpr std::size_t kMaxWarningBytes = 256;
constexpr std::size_t kMaxAllWarningBytes = 4096;

void demand(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("an API server would not take the answer: " + what);
}

std::map<std::string, std::string> audit_of(const json::Cursor& status, const std::string& prefix) {
  std::map<std::string, std::string> audit;
  if (const auto notes = status.maybe("auditAnnotations")) {
    for (const auto& [name, value] : notes->members()) {
      demand(is_qualified_name(prefix + name), "audit annotation " + name);
      audit[name] = value.string();
    }
  }
  return audit;
}

json::Value read_patch(const json::Cursor& response) {
  demand(response.at("patchType").string() == "JSONPatch", "patchType");
  const auto bytes = base::from_base64(response.at("patch").string());
  json::Value patch = json::parse(bytes);
  demand(patch.get_if<json::Array>() != nullptr && !patch.get_if<json::Array>()->empty(), "a patch without steps");
  return patch;
}

}  // namespace

bool is_qualified_name(std::string_view name) {
  static const std::regex form(
      R"(([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])");
  const std::size_t slash = name.find('/');
  const std::size_t part = slash == std::string_view::npos ? name.size() : name.size() - slash - 1;
  const bool domain_fits = slash == std::string_view::npos || slash <= 253;
  return part <= 63 && domain_fits && std::regex_match(name.begin(), name.end(), form);
}

KubernetesAnswer read_image_review_answer(const std::string& body) {
  const json::Value value = json::parse(base::as_bytes(body));
  const json::Cursor review(value);
  review.only({"apiVersion", "kind", "metadata", "spec", "status"});
  demand(review.at("apiVersion").string() == "imagepolicy.k8s.io/v1alpha1", "apiVersion");
  demand(review.at("kind").string() == "ImageReview", "kind");
  const auto status = review.at("status");
  status.only({"allowed", "reason", "auditAnnotations"});
  KubernetesAnswer answer;
  answer.allowed = status.at("allowed").boolean();
  if (const auto reason = status.maybe("reason")) answer.message = reason->string();
  demand(answer.allowed == answer.message.empty(), "a denial says why, and nothing else does");
  answer.audit = audit_of(status, "imagepolicywebhook.image-policy.k8s.io/");
  return answer;
}

KubernetesAnswer read_admission_answer(const std::string& body, const std::string& uid, bool mutating) {
  const json::Value value = json::parse(base::as_bytes(body));
  const json::Cursor review(value);
  review.only({"apiVersion", "kind", "response"});
  demand(review.at("apiVersion").string() == "admission.k8s.io/v1", "apiVersion");
  demand(review.at("kind").string() == "AdmissionReview", "kind");
  const auto response = review.at("response");
  response.only({"uid", "allowed", "status", "patch", "patchType", "auditAnnotations", "warnings"});
  demand(response.at("uid").string() == uid, "uid");
  KubernetesAnswer answer;
  answer.allowed = response.at("allowed").boolean();
  answer.audit = audit_of(response, "validate.gapstow.dev/");
  const bool has_patch = response.maybe("patch").has_value();
  demand(has_patch == response.maybe("patchType").has_value(), "patch and patchType come together");
  demand(!has_patch || (mutating && answer.allowed), "a patch where there may be none");
  if (has_patch) answer.patch = read_patch(response);
  if (const auto warnings = response.maybe("warnings")) answer.warnings = warnings->strings();
  std::size_t all = 0;
  for (const auto& warning : answer.warnings) {
    demand(warning.size() <= kMaxWarningBytes && warning.find('\n') == std::string::npos, "warning");
    all += warning.size();
  }
  demand(all <= kMaxAllWarningBytes, "too many warnings");
  demand(answer.allowed != response.maybe("status").has_value(), "a denial has a status");
  if (!answer.allowed) {
    const auto status = response.at("status");
    status.only({"metadata", "status", "message", "reason", "details", "code"});
    demand(status.at("status").string() == "Failure", "status.status");
    status.at("code").integer(400, 599);
    answer.message = status.at("message").string();
    demand(!answer.message.empty(), "a denial says why");
  }
  return answer;
}

}  // namespace gapstow::test
