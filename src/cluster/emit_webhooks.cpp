// Webhook configurations. Source: kubernetes, admissionregistration.k8s.io/v1.
#include <algorithm>

#include "emit_parts.h"
#include "emit_yaml.h"
#include "gapstow/base/encoding.h"

namespace gapstow::cluster {
namespace {

constexpr std::string_view kAbout =
    "Kubernetes: gapstow pins the images of pods to proven digests and judges them.\n"
    "  kubectl apply -f webhooks.yaml\n"
    "Apply it when gapstow serve answers, and not before: from then on no pod starts without it.\n"
    "The own namespace is left out, by the label that the API server itself sets, so that gapstow can always start.";

json::Value texts(std::initializer_list<const char*> items) {
  json::Array list;
  for (const char* item : items) list.emplace_back(item);
  return list;
}

json::Object rule(const char* group, json::Value resources) {
  return {{"apiGroups", texts({group})},
          {"apiVersions", texts({"v1"})},
          {"operations", texts({"CREATE", "UPDATE"})},
          {"resources", std::move(resources)},
          {"scope", "Namespaced"}};
}

json::Array rules(bool workloads) {
  json::Array list;
  list.emplace_back(rule("", texts({"pods", "pods/ephemeralcontainers"})));
  if (!workloads) return list;
  list.emplace_back(rule("", texts({"podtemplates", "replicationcontrollers"})));
  list.emplace_back(rule("apps", texts({"deployments", "replicasets", "statefulsets", "daemonsets"})));
  list.emplace_back(rule("batch", texts({"jobs", "cronjobs"})));
  return list;
}

json::Value client_config(const EmitSite& site, const std::string& path) {
  json::Object config{{"caBundle", base::base64(base::as_bytes(authority_of(site)))}};
  if (!site.server.empty()) {
    config.set("url", server_of(site, true).url + path);
  } else {
    config.set("service",
               json::Object{{"name", site.service}, {"namespace", site.name_space}, {"path", path}, {"port", 443}});
  }
  return config;
}

/// A server in the cluster must be able to start without asking itself; one outside needs no exception.
std::vector<std::string> unasked(const EmitSite& site) {
  auto names = site.excluded;
  const bool is_named = std::ranges::find(names, site.name_space) != names.end();
  if (site.server.empty() && !is_named) names.insert(names.begin(), site.name_space);
  return names;
}

json::Object webhook(const EmitSite& site, const std::string& name, const std::string& path, bool workloads) {
  return {{"name", name},
          {"admissionReviewVersions", texts({"v1"})},
          {"clientConfig", client_config(site, path)},
          {"failurePolicy", "Fail"},
          {"matchPolicy", "Equivalent"},
          {"namespaceSelector", namespace_selector(unasked(site))},
          {"rules", rules(workloads)},
          {"sideEffects", "None"},
          {"timeoutSeconds", 5}};
}

json::Object configuration(const char* kind, const std::string& suffix, json::Object hook) {
  return {{"apiVersion", "admissionregistration.k8s.io/v1"},
          {"kind", kind},
          {"metadata", json::Object{{"name", "gapstow" + suffix}}},
          {"webhooks", json::Array{json::Value(std::move(hook))}}};
}

}  // namespace

json::Value namespace_selector(const std::vector<std::string>& excluded) {
  if (excluded.empty()) return json::Object{};
  json::Array values;
  for (const auto& name : excluded) values.emplace_back(name);
  return json::Object{
      {"matchExpressions", json::Array{json::Value(json::Object{
                               {"key", "kubernetes.io/metadata.name"}, {"operator", "NotIn"}, {"values", values}})}}};
}

json::Array webhook_objects(const EmitSite& site, std::string_view suffix) {
  const std::string end(suffix);
  // Pods alone are pinned: a changed template would never again be what GitOps tools want to see.
  json::Object mutate = webhook(site, "mutate.gapstow.dev", "/k8s/mutate", false);
  // Other webhooks may add containers after this one has run.
  mutate.set("reinvocationPolicy", "IfNeeded");
  json::Array objects;
  objects.emplace_back(configuration("MutatingWebhookConfiguration", end, std::move(mutate)));
  objects.emplace_back(configuration("ValidatingWebhookConfiguration", end,
                                     webhook(site, "validate.gapstow.dev", "/k8s/validate", site.workloads)));
  return objects;
}

std::vector<EmittedFile> emit_webhooks(const EmitSite& site, const std::vector<ProvenImage>&) {
  const YamlComments comments{
      {"/webhooks/0/failurePolicy", "No answer is no permission."},
      {"/webhooks/0/rules/0/resources", "Subresources are not meant by the name of their resource."}};
  std::vector<std::string> documents;
  for (const auto& object : webhook_objects(site, "")) documents.push_back(write_yaml(object, comments));
  const std::string about =
      "kube-apiserver --admission-control-config-file=THIS-FILE, so that webhooks get a client certificate: gapstow\n"
      "serve answers nobody without one. When there is such a file already, add the plugins below to it.";
  return {{"webhooks.yaml", join_documents(comment_lines(kAbout), documents)},
          {"webhook-configuration.yaml",
           comment_lines(about) + write_yaml(admission_configuration(webhook_plugins(site, false)))},
          webhook_kubeconfig(site)};
}

}  // namespace gapstow::cluster
