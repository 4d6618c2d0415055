// What an API server checks in the answers of its webhooks, and what its types allow. Source: kubernetes,
// plugin/pkg/admission/imagepolicy, staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/request and
// staging/src/k8s.io/apimachinery/pkg/api/validation.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/json/value.h"

namespace gapstow::test {

struct KubernetesAnswer {
  bool allowed = false;
  std::string message;  ///< of a denial
  std::map<std::string, std::string> audit;
  std::vector<std::string> warnings;
  json::Value patch;  ///< null without one
};

/// std::runtime_error for an answer that the API server would take for a failure of the webhook, or complain about.
KubernetesAnswer read_image_review_answer(const std::string& body);
KubernetesAnswer read_admission_answer(const std::string& body, const std::string& uid, bool mutating);

/// "gapstow.dev/decision": an optional domain, then at most 63 characters.
bool is_qualified_name(std::string_view name);

}  // namespace gapstow::test
