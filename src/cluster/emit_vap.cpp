// ValidatingAdmissionPolicy with the digests in ConfigMaps. Source: kubernetes, admissionregistration.k8s.io/v1.
//
// A binding whose parameters are several objects wants all of them to agree, so several ConfigMaps cannot each hold a
// part of one list. Instead there is one policy, binding and ConfigMap for each range of digests, and each policy
// judges the digests of its range alone; when a ConfigMap is missing, its policy denies everything.
#include <map>

#include "emit_parts.h"
#include "emit_yaml.h"
#include "gapstow/base/checked.h"

namespace gapstow::cluster {
namespace {

constexpr std::size_t kMaxMapBytes = 800'000;  ///< Kubernetes takes 1 MiB, with everything around the data
constexpr std::size_t kMaxRangeDigits = 2;
constexpr std::string_view kDigits = "0123456789abcdef";

constexpr std::string_view kAbout =
    "Kubernetes 1.30 and later: pods run by proven digests alone, without any server to ask.\n"
    "  kubectl create namespace %n\n"
    "  kubectl apply --server-side -f THIS-FILE      # the lists are too long for plain apply\n"
    "Whoever may change the ConfigMaps decides what runs: guard them as you guard the policy.\n"
    "Emit and apply it anew after every import; an image that is not in it does not start.\n"
    "References need a digest; a webhook (gapstow emit webhooks) can add it.\n"
    "The digests are in %l here. When there were more or fewer before, the old policies still deny what is new:\n"
    "  kubectl delete validatingadmissionpolicybinding,validatingadmissionpolicy -l "
    "'gapstow.dev/lists,gapstow.dev/lists!=%c'\n"
    "  kubectl -n %n delete configmap -l 'gapstow.dev/lists,gapstow.dev/lists!=%c'";

std::string about(const EmitSite& site, std::size_t lists) {
  const std::string count = std::to_string(lists);
  std::string text(kAbout);
  for (const auto& [mark, value] : {std::pair<std::string, std::string>{"%n", site.name_space},
                                    {"%l", count + (lists == 1 ? " list" : " lists")},
                                    {"%c", count}}) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark)) text.replace(at, 2, value);
  }
  return text;
}

/// Digest keys with the image they belong to: keys of ConfigMaps cannot hold a colon.
std::map<std::string, std::string> keys_of(const std::vector<ProvenImage>& images) {
  std::map<std::string, std::string> keys;
  for (const auto& image : images) {
    for (const auto& manifest : image.manifests) {
      // Other algorithms are not asked for in the policy, and so are denied.
      if (manifest.algorithm() != digest::Algorithm::sha256) continue;
      keys.emplace("sha256." + manifest.hex(), image.origin.text());
    }
  }
  return keys;
}

/// How many leading digits of the digest tell the ranges apart, so that each fits one ConfigMap.
std::size_t range_digits(const std::map<std::string, std::string>& keys) {
  for (std::size_t digits = 0; digits <= kMaxRangeDigits; ++digits) {
    std::map<std::string, std::size_t> sizes;
    std::size_t largest = 0;
    for (const auto& [key, image] : keys) {
      auto& size = sizes[key.substr(key.find('.') + 1, digits)];
      largest = std::max(largest, size += key.size() + image.size() + 8);
    }
    if (largest <= kMaxMapBytes) return digits;
  }
  base::check_limit(keys.size(), kMaxMapBytes, "digests in ConfigMaps");
  return kMaxRangeDigits;
}

std::vector<std::string> ranges_of(std::size_t digits) {
  std::vector<std::string> ranges{""};
  for (std::size_t i = 0; i < digits; ++i) {
    std::vector<std::string> longer;
    for (const auto& range : ranges) {
      for (const char digit : kDigits) longer.push_back(range + digit);
    }
    ranges = std::move(longer);
  }
  return ranges;
}

/// `lists`: how many there are, so that those of another number can be told from these.
json::Object object(std::string_view version, std::string_view kind, std::size_t lists, json::Object metadata) {
  metadata.set("labels", json::Object{{"gapstow.dev/lists", std::to_string(lists)}});
  return {{"apiVersion", version}, {"kind", kind}, {"metadata", std::move(metadata)}};
}

std::vector<std::string> range_documents(const EmitSite& site, const std::map<std::string, std::string>& keys,
                                         const std::string& range, std::size_t lists) {
  const std::string name = range.empty() ? "gapstow-digests" : "gapstow-digests-" + range;
  json::Object data;
  for (const auto& [key, image] : keys) {
    if (key.substr(key.find('.') + 1).starts_with(range)) data.set(key, image);
  }
  auto map = object("v1", "ConfigMap", lists, {{"name", name}, {"namespace", site.name_space}});
  map.set("data", std::move(data));

  const std::string known = "'sha256.' + r.substring(r.size() - 64) in params.data";
  const std::string elsewhere = "!r.substring(r.size() - 64).startsWith('" + range + "') || ";
  auto policy = object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", lists, {{"name", name}});
  auto spec = policy_spec(site, {name, {}, range.empty() ? known : elsewhere + "(" + known + ")"});
  spec.set("paramKind", json::Object{{"apiVersion", "v1"}, {"kind", "ConfigMap"}});
  policy.set("spec", std::move(spec));

  auto binding = object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", lists, {{"name", name}});
  binding.set(
      "spec",
      json::Object{{"policyName", name},
                   {"paramRef",
                    json::Object{{"name", name}, {"namespace", site.name_space}, {"parameterNotFoundAction", "Deny"}}},
                   {"validationActions", json::Array{"Deny", "Audit"}}});
  return {write_yaml(map), write_yaml(policy, {{"/spec/failurePolicy", "What cannot be evaluated is denied."}}),
          write_yaml(binding, {{"/spec/paramRef/parameterNotFoundAction", "Without its list the policy denies."}})};
}

json::Value variable(const std::string& name, const std::string& expression) {
  return json::Object{{"name", name}, {"expression", expression}};
}

/// All image references of a pod, "" for a part that has none.
std::string references_in(const std::string& pod) {
  const auto part = [&](const std::string& list) {
    const std::string path = pod + ".spec." + list;
    return "(has(" + path + ") ? " + path + ".map(c, has(c.image) ? c.image : '') : [])";
  };
  const std::string volumes = pod + ".spec.volumes";
  return part("containers") + "\n+ " + part("initContainers") + "\n+ " + part("ephemeralContainers") + "\n+ (has(" +
         volumes + ") ? " + volumes +
         ".filter(v, has(v.image)).map(v, has(v.image.reference) ? v.image.reference : '') : [])\n";
}

}  // namespace

json::Array image_variables() {
  json::Array variables;
  variables.push_back(variable("images", references_in("object")));
  variables.push_back(variable("before", "oldObject == null ? [] : (\n" + references_in("oldObject") + ")\n"));
  variables.push_back(variable("leaving", "oldObject != null && has(oldObject.metadata.deletionTimestamp)"));
  return variables;
}

json::Object policy_spec(const EmitSite& site, const PolicyText& text) {
  json::Array variables = image_variables();
  for (const auto& more : text.variables) variables.push_back(more);
  variables.push_back(variable("unproven",
                               "variables.leaving ? [] : variables.images.filter(r,\n"
                               "  !(r in variables.before) &&\n"
                               "  !(r.matches('@sha256:[0-9a-f]{64}$') &&\n"
                               "    (" +
                                   text.accepted + ")))\n"));
  const json::Object rule{{"apiGroups", json::Array{""}},
                          {"apiVersions", json::Array{"v1"}},
                          {"operations", json::Array{"CREATE", "UPDATE"}},
                          {"resources", json::Array{"pods", "pods/ephemeralcontainers"}}};
  const json::Object validation{
      {"expression", "variables.unproven.size() == 0"},
      {"message", "an image is not one that gapstow has proven; references need a digest"},
      {"messageExpression", "'not proven by gapstow, or without a digest: ' + variables.unproven.join(', ')"},
      {"reason", "Forbidden"}};
  json::Object constraints{{"resourceRules", json::Array{json::Value(rule)}}};
  // gapstow's own namespace is judged like any other: there is no server here that would have to start first.
  constraints.set("namespaceSelector", namespace_selector(site.excluded));
  return {{"failurePolicy", "Fail"},
          {"matchConstraints", std::move(constraints)},
          {"validations", json::Array{json::Value(validation)}},
          {"variables", std::move(variables)}};
}

std::vector<EmittedFile> emit_vap(const EmitSite& site, const std::vector<ProvenImage>& images) {
  const auto keys = keys_of(images);
  const auto ranges = ranges_of(range_digits(keys));
  std::vector<std::string> documents;
  for (const auto& range : ranges) {
    for (auto& document : range_documents(site, keys, range, ranges.size())) documents.push_back(std::move(document));
  }
  return {{"policy.yaml", join_documents(head_comment(about(site, ranges.size()), images), documents)}};
}

}  // namespace gapstow::cluster
