// Connection: one client, from the handshake to the end, as steps that never block. Who drives it waits for what run()
// says, and calls expire() when the deadline has passed first. For one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gapstow/serve/listener.h"
#include "http_answer.h"
#include "http_exchange.h"
#include "http_parser.h"
#include "listener_channel.h"

namespace gapstow::serve {

/// What the connections of one listener share.
struct Post {
  Post(const ListenerSettings& listener, const AccessObserver& access) : settings(listener), observer(access) {}

  const ListenerSettings& settings;
  const AccessObserver& observer;
  std::atomic<std::uint64_t> failed_handshakes{0};
  std::atomic<std::size_t> body_bytes{0};  ///< of requests that are being read or answered
};

/// What the connections of one thread share; used within single steps only.
struct Workshop {
  std::span<std::byte> scratch;
  DateText date;
};

class Connection {
 public:
  using Clock = std::chrono::steady_clock;
  /// For what to wait. `turn`: for nothing, but others come first. `reply`: until `wake` is called. `closed`: the
  /// connection is over.
  enum class Wait { readable, writable, turn, reply, closed };

  Connection(Post& post, Workshop& workshop, std::unique_ptr<Channel> channel, std::string peer);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Called from any thread when a reply has come.
  void on_reply(std::function<void()> wake) { wake_ = std::move(wake); }
  /// Goes as far as it can.
  Wait run();
  /// The deadline has passed.
  Wait expire();
  Clock::time_point deadline() const { return deadline_; }
  /// The server ends: an answer on its way is finished, then the connection closes. False when there is none.
  bool close_soon();
  /// Ends it, and tells who looks on what is lost and why.
  void abandon(const std::string& why);
  /// It is the client that has something to do: to shake hands, to ask, to go.
  bool waits_for_client() const;
  /// Another number after a request or an answer has begun.
  std::size_t beginnings() const { return beginnings_; }

 private:
  enum class State { shaking, reading, waiting, answering, renewing, draining, closed };

  std::optional<Wait> shake();
  std::optional<Wait> read();
  std::optional<Wait> write();
  std::optional<Wait> drain();
  std::optional<Wait> received(base::ByteView bytes);
  std::optional<Wait> wait_for(const Step& step);
  Step send_piece();
  void renew();
  std::optional<Wait> take_renewed();

  void say_continue();
  void handle();
  std::optional<Wait> take_reply();
  void refuse(const Refusal& refusal);
  void begin_answer(Response response, bool keep);
  void finish_answer();
  void forget_request();
  bool has_request() const;
  void await_request();
  void begin_request();
  void break_off(const std::string& why);
  void part();
  void close();

  void observe(unsigned status, std::uint64_t bytes, bool complete, const std::string& note);
  void count_body(std::size_t bytes);
  void set_deadline(std::chrono::milliseconds after) { deadline_ = Clock::now() + after; }
  const Limits& limits() const { return post_.settings.limits; }

  Post& post_;
  Workshop& workshop_;
  std::unique_ptr<Channel> channel_;
  std::string peer_;
  State state_ = State::shaking;
  Clock::time_point deadline_;
  Clock::time_point began_;  ///< the request, with its first byte
  RequestParser parser_;
  std::shared_ptr<const Request> request_;  ///< that is being answered
  std::shared_ptr<Exchange> exchange_;
  std::function<void()> wake_;
  Answer answer_;
  std::uint64_t piece_end_ = 0;   ///< of a file: up to here the stamp was looked at
  std::size_t counted_body_ = 0;  ///< in post_.body_bytes
  std::size_t discarded_ = 0;
  std::size_t requests_ = 0;
  std::size_t beginnings_ = 0;
  bool keep_ = true;        ///< after this answer
  bool closing_ = false;    ///< the server ends
  bool look_first_ = true;  ///< something may have come: read before waiting
};

}  // namespace gapstow::serve
