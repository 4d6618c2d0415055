// The TLS side of a listener: certificate, key and who may come, read from files. Source: RFC 8446, RFC 5246, RFC 7301.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "gapstow/serve/listener.h"

namespace gapstow::serve {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Ssl = std::unique_ptr<SSL, FreeSsl>;

/// What new connections begin with. Never changed once made.
class TlsContext {
 public:
  /// Error{not_found}, Error{io_read} or Error{malformed}.
  explicit TlsContext(const TlsFiles& files);

  /// A server's side of a connection over `socket`.
  Ssl session(int socket) const;
  /// When the first certificate of the chain ends, as seconds since 1970.
  std::int64_t end() const { return end_; }

 private:
  void use_certificate(const std::string& path);
  void use_key(const std::string& path);
  void demand_clients_of(const std::string& path);

  std::unique_ptr<SSL_CTX, FreeSsl> context_;
  std::int64_t end_ = 0;
};

/// What the library's queue of errors says last, and the queue emptied; `otherwise` when it says nothing.
std::string last_tls_error(std::string_view otherwise);

}  // namespace gapstow::serve
