#include "gapstow/registry/credentials.h"

#include "auth_file.h"
#include "credential_helper.h"
#include "environment.h"
#include "gapstow/base/error.h"
#include "wipe.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

Credential from_option(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon == 0) {
    throw Error(ErrorCode::usage, "credentials are not USER:PASSWORD", "give --creds USER:PASSWORD");
  }
  Credential credential;
  credential.user = text.substr(0, colon);
  credential.secret = text.substr(colon + 1);
  return credential;
}

/// Where files lie when none is named; variables that are not set give none.
std::vector<std::string> usual_files() {
  std::vector<std::string> files;
  const auto add = [&](const std::string& folder, const char* name) {
    if (!folder.empty()) files.push_back(folder + name);
  };
  const auto home = environment("HOME");
  const auto in_home = [&](const char* folder) { return home.empty() ? std::string() : home + folder; };
  const auto configuration = environment("XDG_CONFIG_HOME");
  const auto docker = environment("DOCKER_CONFIG");
  add(environment("XDG_RUNTIME_DIR"), "/containers/auth.json");
  add(configuration.empty() ? in_home("/.config") : configuration, "/containers/auth.json");
  add(docker.empty() ? in_home("/.docker") : docker, "/config.json");
  return files;
}

std::optional<Credential> find_in(const AuthFile& file, const std::string& host, const std::string& repository,
                                  const base::CancelToken& cancel) {
  if (const auto helper = file.own_helper(host, repository)) {
    if (auto credential = ask_helper(helper->helper, helper->server, cancel)) return credential;
  }
  if (auto credential = file.stored(host, repository)) return credential;
  if (const auto helper = file.common_helper(host)) return ask_helper(helper->helper, helper->server, cancel);
  return std::nullopt;
}

}  // namespace

Credential::~Credential() {
  wipe(user);
  wipe(secret);
  wipe(identity_token);
}

CredentialStore::CredentialStore(const Settings& settings, base::ReadFs& fs, const base::CancelToken& cancel)
    : settings_(settings), fs_(fs), cancel_(cancel) {}

std::optional<Credential> CredentialStore::find(const std::string& host, const std::string& repository) const {
  if (!settings_.credentials.empty()) return from_option(settings_.credentials);
  auto named = settings_.auth_file;
  if (named.empty()) named = environment("REGISTRY_AUTH_FILE");
  const auto look = [&](const std::string& path) {
    const auto file = AuthFile::read(fs_, path);
    return base::with_context(path, [&] { return find_in(file, host, repository, cancel_); });
  };
  if (!named.empty()) return look(named);
  for (const auto& path : usual_files()) {
    const auto status = fs_.status(path);
    if (!status || status->kind != base::FileStatus::Kind::regular) continue;
    if (auto credential = look(path)) return credential;
  }
  return std::nullopt;
}

}  // namespace gapstow::registry
