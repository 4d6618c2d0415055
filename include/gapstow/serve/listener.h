// Server: listeners for HTTP/1.1, plain or TLS, each with its own threads and limits. Boost.Beast stays behind it.
// Source: RFC 9112 (message syntax), RFC 8446 (TLS).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/cancel.h"
#include "gapstow/serve/http.h"

namespace gapstow::serve {

/// PEM files; read at start and at every reload.
struct TlsFiles {
  std::string certificate;  ///< chain, leaf first
  std::string key;          ///< unencrypted
  std::string client_ca;    ///< who may sign client certificates; empty: none are asked for
};

struct Limits {
  std::size_t header_bytes = 16 << 10;  ///< request line and headers
  std::size_t body_bytes = 0;           ///< 0: none; a body is 413 then, or 405 with a method that would change things
  /// For more there is room only in the place of those who ask for nothing at the time.
  std::size_t connections = 4096;
  std::size_t connections_per_address = 2048;
  std::size_t requests_per_connection = 100'000;  ///< then the connection is closed after the answer
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds request{10'000};  ///< for a whole request, from its first byte
  std::chrono::milliseconds idle{60'000};     ///< between requests
  std::chrono::milliseconds stall{30'000};    ///< for the other side to take any part of an answer
  std::chrono::milliseconds answer{600'000};  ///< until the reply comes; then it is 503
};

struct ListenerSettings {
  std::string name;        ///< for logs and metrics: "registry", "admission", "status"
  std::string address;     ///< "127.0.0.1", "::1", "0.0.0.0"
  std::uint16_t port = 0;  ///< 0: any free one
  std::optional<TlsFiles> tls;
  Limits limits;
  unsigned threads = 1;
  int niceness = 0;  ///< of its threads: higher ones give way to lower ones
  Handler handler;
};

/// One finished (or broken off) request.
struct Access {
  std::string listener;
  std::string peer;
  std::string certificate;
  std::string method;
  std::string target;
  std::string user_agent;
  unsigned status = 0;      ///< 0: broken off before there was one
  std::uint64_t bytes = 0;  ///< of the body, that were sent
  bool complete = false;
  std::chrono::microseconds took{0};
  std::string note;  ///< of the response, or why it was broken off
};

/// Called from several threads; must not block for long.
using AccessObserver = std::function<void(const Access&)>;

/// Counters of one listener.
struct Load {
  std::string listener;
  std::uint64_t open = 0;       ///< connections now
  std::uint64_t most = 0;       ///< at once
  std::uint64_t accepted = 0;   ///< connections ever
  std::uint64_t refused = 0;    ///< by a limit
  std::uint64_t displaced = 0;  ///< ended for others when a limit was reached
  std::uint64_t failed_handshakes = 0;
};

class Server {
 public:
  /// Binds all listeners: Error{conflict} when an address is taken, Error{not_found}/Error{malformed} for TLS files
  /// that cannot be used. Nothing is answered before start().
  Server(std::vector<ListenerSettings> listeners, AccessObserver observer);
  ~Server();

  void start();
  /// Reads all TLS files anew; new connections use them, open ones go on with what they have. Throws as the constructor
  /// does, and then nothing has changed.
  void reload_tls();
  /// Accepts no more, lets requests that are being answered finish for up to `grace`, or until `hurry` is cancelled;
  /// closes idle connections at once.
  void stop(std::chrono::milliseconds grace, const base::CancelToken* hurry = nullptr);
  /// The port of each listener, in order.
  std::vector<std::uint16_t> ports() const;
  std::vector<Load> load() const;
  /// Earliest end of the certificates in use, as seconds since 1970, by listener; 0 for plain ones.
  std::vector<std::int64_t> certificate_ends() const;

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace gapstow::serve
