// FakeServer: a scripted HTTP/1.1 server on a free loopback port of this process, made to misbehave.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gapstow/registry/message.h"

namespace gapstow::test {

struct FakeRequest {
  std::string method;
  std::string target;  ///< as sent: "/v2/?a=b", or a whole URL when the server is used as a proxy
  registry::Headers headers;
  std::string body;

  /// The first header of that name, or "".
  std::string header(std::string_view name) const { return headers.find(name).value_or(""); }
  /// The target without its query.
  std::string path() const { return target.substr(0, target.find('?')); }
};

/// What is answered, and how it goes wrong.
struct FakeReply {
  int status = 200;
  /// Content-Length is added unless it, or Transfer-Encoding, is here.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  /// Only so many bytes of the whole answer (head and body) are sent, then the connection is cut.
  std::optional<std::size_t> cut_after = {};
  /// Nothing is answered, and the connection stays open until the server ends.
  bool silent = false;
  /// Sent instead of an answer, then the connection is cut.
  std::optional<std::string> raw = {};
  /// The connection is closed after the answer.
  bool close = false;
  /// For replies of before_body(): so many bytes of the request's body are read before.
  std::uint64_t body_taken = 0;
  /// After the answer was sent up to cut_after (or wholly), nothing more comes, and the connection stays open.
  bool then_silent = false;
  /// Set for whole replies of before_body(): the connection is closed when the client has read them.
  bool lingers = false;
};

/// One thread for each connection; handlers are called one at a time. Everything ends with the object.
class FakeServer {
 public:
  using Handler = std::function<FakeReply(const FakeRequest&)>;
  /// A reply that is sent while the request's body has not been read, and then the connection is closed; nothing: the
  /// body is read and the handler is asked. With `cut_after = 0` the request is cut off without an answer.
  using HeadHandler = std::function<std::optional<FakeReply>(const FakeRequest& head)>;

  explicit FakeServer(Handler handler, HeadHandler before_body = {});
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer();

  std::uint16_t port() const;
  /// "127.0.0.1:PORT" and "http://127.0.0.1:PORT"
  std::string host() const;
  std::string url() const;
  /// Requests whose body was read, in order; those cut off by before_body() with the part that was taken.
  std::vector<FakeRequest> requests() const;
  /// "GET /v2/" for each of them: to compare at a glance.
  std::vector<std::string> lines() const;
  /// Connections that were accepted.
  std::size_t connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gapstow::test
