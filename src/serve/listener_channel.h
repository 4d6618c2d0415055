// Channel: bytes to and from one client over a socket that does not block, plain or TLS.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "gapstow/base/bytes.h"
#include "gapstow/serve/http.h"
#include "listener_tls.h"

namespace gapstow::serve {

/// How far a call came.
struct Step {
  enum class State {
    moved,       ///< `count` bytes, more than none
    want_read,   ///< again when the socket is readable
    want_write,  ///< again when it is writable
    ended,       ///< the other side sends no more
    failed,      ///< nothing more goes here; why() says why
  };
  State state = State::failed;
  std::size_t count = 0;
};

/// The socket is the caller's and outlives it.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Until `moved` nothing else is called.
  virtual Step shake_hands() = 0;
  virtual Step read(std::span<std::byte> out) = 0;
  /// Some of `head`, then of `body`. After `want_…` the same bytes must be offered again.
  virtual Step write(base::ByteView head, base::ByteView body) = 0;
  /// Bytes `at` to `at + length` of a file, some of them, behind `head`.
  virtual Step write_file(base::ByteView head, const FileBody& file, std::uint64_t at, std::size_t length) = 0;
  /// Some that came can be read although the socket may not be readable.
  virtual bool has_pending() const { return false; }
  /// Nothing more will be written.
  virtual void finish() = 0;

  /// Throws away what comes: `moved`, `want_read`, `ended` or `failed`.
  Step discard(std::span<std::byte> scratch) const;

  /// Subject of the client's certificate.
  const std::string& certificate() const { return certificate_; }
  const std::string& why() const { return why_; }

 protected:
  explicit Channel(int socket) : socket_(socket) {}
  int socket() const { return socket_; }
  Step fail(std::string why);
  std::string certificate_;

 private:
  int socket_;
  std::string why_;
};

std::unique_ptr<Channel> plain_channel(int socket, std::span<std::byte> scratch);
/// `scratch` belongs to the thread, and is used within single calls only.
std::unique_ptr<Channel> tls_channel(int socket, std::shared_ptr<const TlsContext> context,
                                     std::span<std::byte> scratch);

}  // namespace gapstow::serve
