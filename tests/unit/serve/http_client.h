// A client made to misbehave: raw bytes over a real socket, plain or TLS, and answers read as they come.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gapstow::test {

/// One answer. `status` 0: the connection ended before there was a whole one.
struct Reply {
  unsigned status = 0;
  std::string head;
  std::map<std::string, std::string, std::less<>> headers;  ///< names in small letters
  std::string body;
  bool whole = false;  ///< as long as Content-Length says

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// What a TLS client shows and demands.
struct ClientTls {
  std::string certificate = {};  ///< PEM file; empty: none
  std::string key = {};
  int version = 0;             ///< TLS1_2_VERSION, …; 0: whatever both can
  std::string protocols = {};  ///< for ALPN, as on the wire; empty: none
};

/// Everything blocks, but not for ever: a server that says nothing for half a minute is at its end.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port);
  /// `alive()` says whether the handshake was completed; what a server of TLS 1.3 thinks of it shows later.
  HttpClient(std::uint16_t port, const ClientTls& tls);
  HttpClient(HttpClient&&) noexcept = default;
  ~HttpClient();

  bool alive() const { return alive_; }
  /// False when the other side has gone.
  bool send(std::string_view bytes);
  /// Nothing more will be sent; the answer is still read.
  void shut();
  /// Ends the connection in the rude way.
  void reset();
  /// Sets how little the kernel takes for a client that does not read.
  static HttpClient with_small_window(std::uint16_t port);

  /// The next answer; `of_head`: to a HEAD.
  Reply reply(bool of_head = false);
  /// Sends and reads.
  Reply ask(std::string_view request);
  Reply get(std::string_view target);
  /// All that comes until the other side ends.
  std::string rest();
  /// Some bytes; empty at the end.
  std::string some();

  SSL* ssl() const { return ssl_.get(); }

 private:
  struct FreeTls {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  struct Socket {
    explicit Socket(int opened) : descriptor(opened) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket();
    int descriptor;
  };
  HttpClient(std::uint16_t port, int receive_buffer);
  void begin_tls(const ClientTls& tls);

  std::unique_ptr<Socket> socket_;
  std::unique_ptr<SSL_CTX, FreeTls> context_;
  std::unique_ptr<SSL, FreeTls> ssl_;
  std::string pending_;
  bool alive_ = true;
};

}  // namespace gapstow::test
