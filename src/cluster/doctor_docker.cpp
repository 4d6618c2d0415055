// The Docker engine: what it loads and pulls is not checked unless its client is asked to, and the newest does not.
#include "doctor_tools.h"

namespace gapstow::cluster {

Findings examine_docker(const Site& site, const std::string& version) {
  const bool is_there = !version.empty() || site.has("/usr/bin/dockerd") || site.has("/usr/sbin/dockerd") ||
                        site.has("/usr/local/bin/dockerd");
  if (!is_there) return {};
  Notes notes("docker");
  constexpr Version kDeaf{29, 0};
  const Version known = parse_version(version);
  if (known >= kDeaf) {
    notes.open("docker " + version, "ignores DOCKER_CONTENT_TRUST: every pull is unproven",
               "pull by digest from gapstow serve alone, or import with gapstow import");
  } else {
    notes.warning(
        version.empty() ? "docker" : "docker " + version,
        "checks signatures only where DOCKER_CONTENT_TRUST=1 is set, and never when it loads a file",
        "set it for all, with DOCKER_CONTENT_TRUST_SERVER at gapstow serve; from version 29 on it is ignored");
  }
  return notes.take();
}

}  // namespace gapstow::cluster
