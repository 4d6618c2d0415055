// What several kinds of emitted files share.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/cluster/emit.h"
#include "gapstow/json/value.h"

namespace gapstow::cluster {

/// The address of a server, taken apart.
struct ServerAddress {
  std::string url;   ///< without a slash at its end
  std::string host;  ///< with the port where one was given
  bool secure = true;
};

/// EmitSite::server. Error{usage} when it is empty or no address; with `must_be_secure` also for http.
ServerAddress server_of(const EmitSite& site, bool must_be_secure);

/// EmitSite::ca; Error{usage} when it is empty.
const std::string& authority_of(const EmitSite& site);

/// Hosts of all names of the images, sorted.
std::set<std::string> hosts_of(const std::vector<ProvenImage>& images);

/// The head of a file: what it is, and which images it was made for.
std::string head_comment(std::string_view about, const std::vector<ProvenImage>& images);

/// The path of a file in EmitSite::folder.
std::string in_folder(const EmitSite& site, std::string_view name);
std::string cert_file_of(const EmitSite& site);
std::string key_file_of(const EmitSite& site);

/// All namespaces but these, by the label that the API server itself sets.
json::Value namespace_selector(const std::vector<std::string>& excluded);

/// The objects of the two webhook configurations; names end in `suffix`.
json::Array webhook_objects(const EmitSite& site, std::string_view suffix);

/// Plugins of an AdmissionConfiguration for the two webhooks; with `manifests` they read their objects from folders
/// below EmitSite::folder.
json::Array webhook_plugins(const EmitSite& site, bool manifests);
json::Value admission_configuration(json::Array plugins);
/// Which client certificate goes to which webhook.
EmittedFile webhook_kubeconfig(const EmitSite& site);

/// The CEL variables that name an object's images and those of the object before an update.
json::Array image_variables();
/// Policy and binding; `condition` decides about the image reference `r`. Nothing is said about parameters.
struct PolicyText {
  std::string name;
  json::Array variables;
  std::string accepted;  ///< CEL over r
};
json::Object policy_spec(const EmitSite& site, const PolicyText& text);

std::vector<EmittedFile> emit_hosts(const EmitSite& site, const std::vector<ProvenImage>& images);
std::vector<EmittedFile> emit_registries(const EmitSite& site, const std::vector<ProvenImage>& images);
std::vector<EmittedFile> emit_policy(const EmitSite& site, const std::vector<ProvenImage>& images);
std::vector<EmittedFile> emit_image_policy(const EmitSite& site, const std::vector<ProvenImage>& images);
std::vector<EmittedFile> emit_webhooks(const EmitSite& site, const std::vector<ProvenImage>& images);
std::vector<EmittedFile> emit_vap(const EmitSite& site, const std::vector<ProvenImage>& images);
std::vector<EmittedFile> emit_static(const EmitSite& site, const std::vector<ProvenImage>& images);

}  // namespace gapstow::cluster
