#include "tls.h"

#include <array>

#include "environment.h"
#include "gapstow/base/error.h"
#include "wipe.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::array kSystemBundles{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

bool has_file(base::ReadFs& fs, const std::string& path) {
  const auto status = fs.status(path);
  return status && status->kind == base::FileStatus::Kind::regular;
}

std::string system_bundle(base::ReadFs& fs) {
  if (const auto named = environment("SSL_CERT_FILE"); !named.empty()) return named;
  for (const std::string path : kSystemBundles) {
    if (has_file(fs, path)) return path;
  }
  return {};
}

void append_pem(base::Bytes& to, base::ByteView pem) {
  base::append(to, pem);
  base::append(to, base::as_bytes("\n"));
}

}  // namespace

TlsMaterial::~TlsMaterial() { wipe(key); }

std::shared_ptr<const TlsMaterial> TlsFiles::for_host(const Url& url, Client client) {
  const std::lock_guard lock(mutex_);
  auto& known = known_[(client == Client::shown ? "+" : "-") + url.authority()];
  if (!known) known = read(url, client);
  return known;
}

std::shared_ptr<const TlsMaterial> TlsFiles::read(const Url& url, Client client) {
  auto material = std::make_shared<TlsMaterial>();
  base::Bytes extra;
  if (!settings_.ca_file.empty()) append_pem(extra, read_pem(settings_.ca_file));
  // docker looks below the name as the reference has it, with or without the usual port.
  const auto names = url.authority() == url.host ? std::array{url.host, url.host + ":" + url.port}
                                                 : std::array{url.authority(), std::string()};
  const auto home = environment("HOME");
  for (const auto& name : names) {
    if (name.empty()) continue;
    add_folder("/etc/docker/certs.d/" + name, extra, *material);
    add_folder("/etc/containers/certs.d/" + name, extra, *material);
    const auto notary = home + "/.docker/tls/" + name + "/ca.crt";
    if (!home.empty() && has_file(fs_, notary)) append_pem(extra, read_pem(notary));
  }
  if (client == Client::shown && !settings_.cert_file.empty()) {
    material->certificate = read_pem(settings_.cert_file);
    wipe(material->key);
    material->key = read_pem(settings_.key_file.empty() ? settings_.cert_file : settings_.key_file);
  }
  const auto system = system_bundle(fs_);
  if (extra.empty()) {
    material->system_file = system;
    return material;
  }
  if (!system.empty()) append_pem(extra, base::read_file(fs_, system, kMaxTlsFileBytes));
  material->authorities = std::make_shared<const base::Bytes>(std::move(extra));
  return material;
}

/// NAME.crt are authorities, NAME.cert with NAME.key is the client; the last pair in the order of names counts.
void TlsFiles::add_folder(const std::string& folder, base::Bytes& extra, TlsMaterial& material) {
  const auto status = fs_.status(folder);
  if (!status || status->kind != base::FileStatus::Kind::folder) return;
  std::size_t count = 0;
  for (const auto& name : fs_.list(folder)) {
    if (++count > kMaxTlsFiles) throw Error(ErrorCode::limit_exceeded, folder + ": too many files");
    const auto path = folder + "/" + name;
    if (name.ends_with(".crt")) append_pem(extra, read_pem(path));
    if (!name.ends_with(".cert")) continue;
    material.certificate = read_pem(path);
    wipe(material.key);
    material.key = read_pem(path.substr(0, path.size() - 5) + ".key");
  }
}

base::Bytes TlsFiles::read_pem(const std::string& path) {
  auto bytes = base::read_file(fs_, path, kMaxTlsFileBytes);
  if (base::as_text(bytes).find("-----BEGIN ") == std::string_view::npos) {
    throw Error(ErrorCode::malformed, path + ": no PEM text", "certificates and keys for TLS are PEM files");
  }
  return bytes;
}

}  // namespace gapstow::registry
