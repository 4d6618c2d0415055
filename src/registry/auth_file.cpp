#include "auth_file.h"

#include <algorithm>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "wipe.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kHubServer = "https://index.docker.io/v1/";

/// Keys to look under, most specific first: "host/a/b", "host/a", "host".
std::vector<std::string> keys_of(const std::string& host, const std::string& repository) {
  std::vector<std::string> keys;
  auto key = repository.empty() ? host : host + "/" + repository;
  while (key.size() > host.size()) {
    keys.push_back(key);
    key.resize(key.rfind('/'));
  }
  keys.push_back(host);
  if (is_docker_hub(host)) {
    for (const auto* other : {"docker.io", "index.docker.io", "registry-1.docker.io"}) {
      if (host != other) keys.emplace_back(other);
    }
    keys.emplace_back(kHubServer);
  }
  return keys;
}

/// "https://host/v1/" -> "host": how docker compares keys that are URLs.
std::string_view host_of_key(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) return key.substr(scheme.size(), key.substr(scheme.size()).find('/'));
  }
  for (const std::string_view path : {"/v1/", "/v2/", "/v1", "/v2", "/"}) {
    if (key.ends_with(path)) return key.substr(0, key.size() - path.size());
  }
  return key;
}

/// The member of that table under the first key that there is; then one whose key is a URL of the host.
std::optional<std::pair<std::string, json::Cursor>> find_entry(const json::Cursor& table, const std::string& host,
                                                               const std::string& repository) {
  const auto keys = keys_of(host, repository);
  for (const auto& key : keys) {
    if (const auto entry = table.maybe(key)) return std::pair(key, *entry);
  }
  for (const auto& [key, entry] : table.members()) {
    if (host_of_key(key) == host) return std::pair(key, entry);
  }
  return std::nullopt;
}

std::string text_of(const json::Cursor& entry, std::string_view name) {
  const auto member = entry.maybe(name);
  return member && !member->value().is_null() ? member->string() : std::string();
}

void decode_auth(const json::Cursor& entry, Credential& credential) {
  auto bytes = base::with_context(entry.path() + ".auth", [&] { return base::from_base64(text_of(entry, "auth")); });
  const auto text = base::as_text(bytes);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) entry.refuse("auth is not a user and a password with a colon between");
  credential.user = text.substr(0, colon);
  credential.secret = text.substr(colon + 1);
  while (credential.secret.ends_with('\0')) credential.secret.pop_back();  // as docker does
  wipe(bytes);
}

}  // namespace

bool is_docker_hub(const std::string& host) {
  return host == "docker.io" || host == "index.docker.io" || host == "registry-1.docker.io";
}

AuthFile AuthFile::read(base::ReadFs& fs, const std::string& path) {
  return base::with_context(path, [&] {
    auto bytes = base::read_file(fs, path, kMaxAuthFileBytes);
    const auto is_space = [](std::byte b) { return b == std::byte{' '} || b == std::byte{'\n'}; };
    if (std::ranges::all_of(bytes, is_space)) return AuthFile(json::Object{});
    auto document = json::parse(bytes, {.bytes = kMaxAuthFileBytes, .depth = 32, .reals = true});
    wipe(bytes);
    if (document.get_if<json::Object>() == nullptr) {
      throw Error(ErrorCode::malformed, std::string("an object was expected, not ") + document.kind());
    }
    return AuthFile(std::move(document));
  });
}

std::optional<HelperCall> AuthFile::own_helper(const std::string& host, const std::string& repository) const {
  const auto table = json::Cursor(document_).maybe("credHelpers");
  if (!table || table->value().is_null()) return std::nullopt;
  const auto found = find_entry(*table, host, repository);
  if (!found || found->second.string().empty()) return std::nullopt;
  return HelperCall{found->second.string(), found->first};
}

std::optional<Credential> AuthFile::stored(const std::string& host, const std::string& repository) const {
  const auto table = json::Cursor(document_).maybe("auths");
  if (!table || table->value().is_null()) return std::nullopt;
  const auto found = find_entry(*table, host, repository);
  if (!found || found->second.value().is_null()) return std::nullopt;
  const auto& entry = found->second;
  Credential credential;
  credential.user = text_of(entry, "username");
  credential.secret = text_of(entry, "password");
  credential.identity_token = text_of(entry, "identitytoken");
  if (!text_of(entry, "auth").empty()) decode_auth(entry, credential);
  if (credential.user.empty() && credential.secret.empty() && credential.identity_token.empty()) return std::nullopt;
  return credential;
}

std::optional<HelperCall> AuthFile::common_helper(const std::string& host) const {
  const auto helper = text_of(json::Cursor(document_), "credsStore");
  if (helper.empty()) return std::nullopt;
  return HelperCall{helper, is_docker_hub(host) ? std::string(kHubServer) : host};
}

}  // namespace gapstow::registry
