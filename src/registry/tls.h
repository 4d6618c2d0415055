// TlsFiles: which authorities and which client certificate count for a host.
// Source: docker's and podman's certs.d folders; docker's ~/.docker/tls for Notary servers.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/fs.h"
#include "gapstow/registry/settings.h"
#include "url.h"

namespace gapstow::registry {

inline constexpr std::uint64_t kMaxTlsFileBytes = 8ULL << 20;
inline constexpr std::size_t kMaxTlsFiles = 256;  ///< of one certs.d folder

struct TlsMaterial {
  std::string system_file;                         ///< the system's bundle; empty: `authorities` holds all
  std::shared_ptr<const base::Bytes> authorities;  ///< PEM, the system's included; nothing: system_file alone
  base::Bytes certificate;                         ///< PEM of the client; empty: none
  base::Bytes key;
  TlsMaterial() = default;
  TlsMaterial(const TlsMaterial&) = delete;
  TlsMaterial& operator=(const TlsMaterial&) = delete;
  ~TlsMaterial();
};

/// Reads files when a host is first asked for. Safe to use from several threads.
class TlsFiles {
 public:
  TlsFiles(const Settings& settings, base::ReadFs& fs) : settings_(settings), fs_(fs) {}

  /// Whether the certificate of the settings may be shown: to the servers of the run, not to where they redirect to.
  enum class Client { shown, hidden };
  /// Error{not_found}, Error{io_read} or Error{malformed} for files that were named.
  std::shared_ptr<const TlsMaterial> for_host(const Url& url, Client client);

 private:
  std::shared_ptr<const TlsMaterial> read(const Url& url, Client client);
  void add_folder(const std::string& folder, base::Bytes& extra, TlsMaterial& material);
  base::Bytes read_pem(const std::string& path);

  const Settings& settings_;
  base::ReadFs& fs_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const TlsMaterial>> known_;
};

}  // namespace gapstow::registry
