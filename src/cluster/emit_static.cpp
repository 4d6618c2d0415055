// Admission objects that the API server reads from disk. Source: kubernetes, KEP-5793 (manifest-based admission
// control).
#include <set>

#include "emit_parts.h"
#include "emit_yaml.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"

namespace gapstow::cluster {
namespace {

constexpr std::string_view kSuffix = ".static.k8s.io";
constexpr std::size_t kDigestsInVariable = 1000;  ///< CEL expressions may have 100,000 characters
constexpr std::size_t kMaxDigests = 32'000;

constexpr std::string_view kAbout =
    "kube-apiserver --admission-control-config-file=THIS-FILE, with the feature ManifestBasedAdmissionControlConfig\n"
    "(alpha in 1.36, on by default from 1.37). What these folders hold is in force before the first request, outlives\n"
    "etcd, and cannot be changed or deleted through the API. Every API server needs the same files. When there is an\n"
    "AdmissionConfiguration already, add the plugins below to it.";

constexpr std::string_view kAboutPolicy =
    "Pods run by proven digests alone. The digests are in the policy itself, for those that are read from disk may "
    "have\n"
    "no parameters; changed files are taken up without a restart.";

/// Maps, for looking up costs the same however many there are.
json::Array digest_variables(const std::set<std::string>& digests) {
  json::Array variables;
  std::string text;
  std::size_t count = 0;
  const auto close = [&] {
    if (text.empty()) return;
    variables.emplace_back(
        json::Object{{"name", "digests" + std::to_string(variables.size())}, {"expression", "{\n" + text + "}\n"}});
    text.clear();
  };
  for (const auto& digest : digests) {
    text += "  '" + digest + "': true,\n";
    if (++count % kDigestsInVariable == 0) close();
  }
  close();
  return variables;
}

std::string policy_file(const EmitSite& site, const std::vector<ProvenImage>& images) {
  std::set<std::string> digests;
  for (const auto& image : images) {
    for (const auto& manifest : image.manifests) {
      if (manifest.algorithm() == digest::Algorithm::sha256) digests.insert(manifest.hex());
    }
  }
  base::check_limit(digests.size(), kMaxDigests, "digests in a policy");
  const std::string name = "gapstow-digests" + std::string(kSuffix);
  PolicyText text{name, digest_variables(digests), ""};
  for (std::size_t i = 0; i < text.variables.size(); ++i) {
    text.accepted += (i == 0 ? "" : "\n      || ");
    text.accepted += "r.substring(r.size() - 64) in variables.digests" + std::to_string(i);
  }
  if (text.accepted.empty()) text.accepted = "false";
  const std::string version = "admissionregistration.k8s.io/v1";
  const json::Object metadata{{"name", name}};
  const json::Object policy{{"apiVersion", version},
                            {"kind", "ValidatingAdmissionPolicy"},
                            {"metadata", metadata},
                            {"spec", policy_spec(site, text)}};
  const json::Object binding{
      {"apiVersion", version},
      {"kind", "ValidatingAdmissionPolicyBinding"},
      {"metadata", metadata},
      {"spec", json::Object{{"policyName", name}, {"validationActions", json::Array{"Deny", "Audit"}}}}};
  return join_documents(head_comment(kAboutPolicy, images), {write_yaml(policy), write_yaml(binding)});
}

}  // namespace

std::vector<EmittedFile> emit_static(const EmitSite& site, const std::vector<ProvenImage>& images) {
  // Objects from disk may name a webhook by its address alone.
  server_of(site, true);
  const json::Array hooks = webhook_objects(site, kSuffix);
  json::Array plugins = webhook_plugins(site, true);
  plugins.emplace_back(
      json::Object{{"name", "ValidatingAdmissionPolicy"},
                   {"configuration", json::Object{{"apiVersion", "apiserver.config.k8s.io/v1"},
                                                  {"kind", "ValidatingAdmissionPolicyConfiguration"},
                                                  {"staticManifestsDir", in_folder(site, "validating-policies")}}}});
  return {
      {"admission-configuration.yaml", comment_lines(kAbout) + write_yaml(admission_configuration(std::move(plugins)))},
      webhook_kubeconfig(site),
      {"mutating-webhooks/gapstow.yaml", write_yaml(hooks.at(0))},
      {"validating-webhooks/gapstow.yaml", write_yaml(hooks.at(1))},
      {"validating-policies/gapstow.yaml", policy_file(site, images)}};
}

}  // namespace gapstow::cluster
