// hosts.toml of containerd. Source: containerd, docs/hosts.md.
#include "emit_parts.h"
#include "emit_yaml.h"

namespace gapstow::cluster {
namespace {

constexpr std::string_view kAbout =
    "containerd: where images of %s come from. Put this folder below the one that config_path names:\n"
    "  [plugins.\"io.containerd.grpc.v1.cri\".registry]       # containerd 1.x\n"
    "    config_path = \"/etc/containerd/certs.d\"\n"
    "  [plugins.'io.containerd.cri.v1.images'.registry]      # containerd 2.x\n"
    "    config_path = '/etc/containerd/certs.d'\n"
    "Name one folder alone: since 2.1 a list of them is taken for one, and every mirror is passed by.\n"
    "Names stay as they are: containerd asks the mirror with ?ns=, and gapstow answers for what it has proven.";

std::string about(const std::string& host) {
  std::string text(kAbout);
  return text.replace(text.find("%s"), 2, host);
}

std::string hosts_toml(const ServerAddress& server, bool has_authority, const std::string& head) {
  const std::string ca = has_authority ? "ca = \"ca.crt\"\n" : "";
  const std::string rights = "capabilities = [\"pull\", \"resolve\"]\n";
  std::string text = head;
  text += "\n" + comment_lines(
                     "What is asked when all mirrors have failed. Without this line it is the registry\n"
                     "itself, on the internet or whoever answers under its name.");
  text += "server = " + toml_string(server.url) + "\n" + rights + ca;
  text += "\n[host." + toml_string(server.url) + "]\n" + rights + ca;
  return text;
}

}  // namespace

std::vector<EmittedFile> emit_hosts(const EmitSite& site, const std::vector<ProvenImage>& images) {
  const ServerAddress server = server_of(site, false);
  std::vector<EmittedFile> files;
  const auto add = [&](const std::string& folder, const std::string& host) {
    files.push_back({folder + "/hosts.toml", hosts_toml(server, !site.ca.empty(), head_comment(about(host), images))});
    if (!site.ca.empty()) files.push_back({folder + "/ca.crt", site.ca});
  };
  for (const auto& host : hosts_of(images)) add(host, host);
  if (site.every_registry) add("_default", "all other registries");
  return files;
}

}  // namespace gapstow::cluster
