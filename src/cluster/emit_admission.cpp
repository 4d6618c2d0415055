// What the API server reads at start: AdmissionConfiguration and the kubeconfigs that it names. Source: kubernetes,
// apiserver.config.k8s.io/v1, docs "Admission Controllers" and "Dynamic Admission Control".
#include "emit_parts.h"
#include "emit_yaml.h"
#include "gapstow/base/encoding.h"

namespace gapstow::cluster {
namespace {

constexpr std::string_view kAboutConfiguration =
    "kube-apiserver --admission-control-config-file=THIS-FILE. There is one such file for all plugins: when there is\n"
    "one already, add the plugins below to it. It is read at start only.";
constexpr std::string_view kAboutImagePolicy =
    "\n\nkube-apiserver also needs --enable-admission-plugins=...,ImagePolicyWebhook and\n"
    "--runtime-config=imagepolicy.k8s.io/v1alpha1=true. The plugin asks about every pod of every namespace, those of\n"
    "kube-system too, and cannot make exceptions: gapstow must have proven their images, or they do not start.";

json::Object named(std::string_view kind, json::Object content) {
  content.set("apiVersion", "v1");
  content.set("kind", kind);
  return content;
}

json::Object client_of(const EmitSite& site) {
  return {{"client-certificate", cert_file_of(site)}, {"client-key", key_file_of(site)}};
}

std::string image_policy_kubeconfig(const EmitSite& site, const ServerAddress& server) {
  const json::Object cluster{{"server", server.url + "/k8s/image-review"},
                             {"certificate-authority-data", base::base64(base::as_bytes(authority_of(site)))}};
  const auto list = [](json::Object item) { return json::Array{json::Value(std::move(item))}; };
  json::Object content;
  content.set("clusters", list({{"name", "gapstow"}, {"cluster", cluster}}));
  content.set("users", list({{"name", "kube-apiserver"}, {"user", client_of(site)}}));
  content.set("contexts", list({{"name", "gapstow"},
                                {"context", json::Object{{"cluster", "gapstow"}, {"user", "kube-apiserver"}}}}));
  content.set("current-context", "gapstow");
  return comment_lines("How the plugin ImagePolicyWebhook reaches gapstow serve, and how it shows who it is.") +
         write_yaml(named("Config", std::move(content)),
                    {{"/users", "Files on the API server's host; gapstow serve asks for a client certificate."}});
}

}  // namespace

json::Value admission_configuration(json::Array plugins) {
  return json::Object{{"apiVersion", "apiserver.config.k8s.io/v1"},
                      {"kind", "AdmissionConfiguration"},
                      {"plugins", std::move(plugins)}};
}

std::vector<EmittedFile> emit_image_policy(const EmitSite& site, const std::vector<ProvenImage>&) {
  const ServerAddress server = server_of(site, true);
  const json::Object policy{{"kubeConfigFile", in_folder(site, "image-policy-kubeconfig.yaml")},
                            {"allowTTL", 30},
                            {"denyTTL", 5},
                            {"retryBackoff", 200},
                            {"defaultAllow", false}};
  const json::Object plugin{{"name", "ImagePolicyWebhook"}, {"configuration", json::Object{{"imagePolicy", policy}}}};
  const std::string at = "/plugins/0/configuration/imagePolicy/";
  const YamlComments comments{
      {at + "allowTTL",
       "Seconds for which an answer is kept, by each API server: so long a revocation may take. 1 is refused."},
      {at + "defaultAllow", "No answer is no permission."},
      {at + "retryBackoff", "Milliseconds; five attempts, each half as long again after the one before."}};
  const auto configuration = admission_configuration(json::Array{json::Value(plugin)});
  return {{"image-policy-configuration.yaml",
           comment_lines(std::string(kAboutConfiguration) + std::string(kAboutImagePolicy)) +
               write_yaml(configuration, comments)},
          {"image-policy-kubeconfig.yaml", image_policy_kubeconfig(site, server)}};
}

json::Array webhook_plugins(const EmitSite& site, bool manifests) {
  json::Array plugins;
  for (const auto& [name, folder] : {std::pair{"MutatingAdmissionWebhook", "mutating-webhooks"},
                                     std::pair{"ValidatingAdmissionWebhook", "validating-webhooks"}}) {
    json::Object configuration{{"apiVersion", "apiserver.config.k8s.io/v1"},
                               {"kind", "WebhookAdmissionConfiguration"},
                               {"kubeConfigFile", in_folder(site, "webhook-kubeconfig.yaml")}};
    if (manifests) configuration.set("staticManifestsDir", in_folder(site, folder));
    plugins.emplace_back(json::Object{{"name", name}, {"configuration", std::move(configuration)}});
  }
  return plugins;
}

EmittedFile webhook_kubeconfig(const EmitSite& site) {
  // The API server looks for the name of the webhook's server, with the port where it is not 443.
  const std::string host =
      site.server.empty() ? site.service + "." + site.name_space + ".svc" : server_of(site, true).host;
  const json::Object user{{"name", host}, {"user", client_of(site)}};
  const auto content = named("Config", {{"users", json::Array{json::Value(user)}}});
  return {"webhook-kubeconfig.yaml",
          comment_lines("By which client certificate the API server shows webhooks who it is. The name is the\n"
                        "webhook's server, as the webhook configuration has it.") +
              write_yaml(content)};
}

}  // namespace gapstow::cluster
