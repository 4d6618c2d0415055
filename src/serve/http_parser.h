// RequestParser: bytes of a connection into requests, one after the other. Boost.Beast takes heads apart; what it
// tolerates and gapstow does not is in http_rules.h and http_target.h, bodies are in http_body.h. No sockets and no
// time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gapstow/serve/http.h"
#include "http_rules.h"

namespace gapstow::serve {

class RequestParser {
 public:
  struct Limits {
    std::size_t header_bytes = 0;
    std::size_t body_bytes = 0;
  };

  explicit RequestParser(Limits limits);
  RequestParser(RequestParser&&) noexcept;
  ~RequestParser();

  /// Takes all of `bytes`; what lies behind the end of this request is kept for the next one.
  void feed(std::string_view bytes);
  /// Some of a request has come.
  bool begun() const;
  /// The request is whole; no more before next().
  bool complete() const;
  /// It cannot be answered, and nothing behind it can be read.
  const std::optional<Refusal>& refusal() const;
  /// The other side waits for "100 Continue" before it sends the body. True once a request.
  bool wants_continue();
  /// As much as is known: method and target of a refused request may be there. Empty when nothing has begun.
  const Request& request() const;
  /// The whole request; request() is empty then.
  Request take();
  /// The other side wants to send further requests.
  bool keeps_alive() const;
  /// HTTP/1.0: such a client must be told that the connection stays.
  bool is_old() const;
  /// Of the body, so far.
  std::size_t body_bytes() const;
  /// Begins the next request, with what has come of it.
  void next();

 private:
  class Message;
  void parse(std::string_view bytes);

  Limits limits_;
  std::unique_ptr<Message> message_;
  std::string pending_;  ///< came, and is not parsed yet: a head that is not whole, or what lies behind the request
};

}  // namespace gapstow::serve
