// Exchange: one request and its answer over libcurl, driven by the calls of the thread that uses it.
//
// Nothing runs in between: a body is received while it is read, and sent while it is written. Every wait ends when the
// run is cancelled (Error{interrupted}) and when no byte moved for the timeout (Outage). Headers are bounded.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "gapstow/base/cancel.h"
#include "gapstow/registry/message.h"
#include "lines.h"
#include "outage.h"
#include "tls.h"
#include "url.h"

namespace gapstow::registry {

/// What an exchange is made of. The body in memory is the caller's and outlives the exchange.
struct Outgoing {
  std::string method;
  Url url;
  Headers headers;
  base::ByteView body;
  std::optional<std::uint64_t> pushed;  ///< length of a body that comes through write()
  std::shared_ptr<const TlsMaterial> tls;
  std::string proxy;  ///< "" for none
  std::string user_agent;
  std::chrono::milliseconds timeout;
};

class Exchange {
 public:
  Exchange(Lines& lines, Outgoing outgoing, const base::CancelToken& cancel);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  /// Until the answer's head is there. Error{limit_exceeded} for a head that is too long.
  void await_head();
  /// After await_head(): status, headers and URL; the body is not in it.
  const Reply& head() const { return head_; }
  const Url& url() const { return outgoing_.url; }
  /// The answer's body as base::Source reads it; Outage when it is cut.
  std::size_t read(std::span<std::byte> out);
  /// All of the body, at most `limit` bytes, else Error{limit_exceeded}.
  base::Bytes read_all(std::uint64_t limit);
  /// Reads what is left when it is little and comes at once, so that the connection can be used again; what it read.
  base::Bytes drain();
  /// Sends a part of a pushed body; false when the answer has come already.
  bool write(base::ByteView bytes);
  /// Bytes of the pushed body that were taken.
  std::uint64_t written() const { return taken_; }

 private:
  struct Callbacks;
  using Clock = std::chrono::steady_clock;

  void set_up();
  void set_up_tls();
  void set_up_body();
  void set_up_headers();
  template <typename Enough>
  void drive_until(const Enough& enough);
  void perform();
  void note_progress();
  void check_idle() const;
  void pause(bool receiving, bool sending);
  [[noreturn]] void fail() const;
  std::string place() const;

  bool on_header(std::string_view line);
  std::size_t on_body(base::ByteView bytes);
  std::size_t on_want(std::span<std::byte> space);
  std::size_t waiting() const { return overflow_.size() - overflow_at_; }

  Lines& lines_;
  Outgoing outgoing_;
  const base::CancelToken& cancel_;
  Line line_;
  CurlList header_list_;
  std::string curl_says_;

  bool done_ = false;  // the transfer has ended, with result_
  CURLcode result_ = CURLE_OK;
  bool head_done_ = false;
  bool head_too_long_ = false;
  std::uint64_t head_bytes_ = 0;
  Reply head_;

  std::span<std::byte> target_;  // where the reader wants the next bytes
  std::size_t filled_ = 0;
  base::Bytes overflow_;  // what came before it was wanted
  std::size_t overflow_at_ = 0;
  bool receive_paused_ = false;

  base::ByteView pending_;  // what the writer wants to be sent
  std::uint64_t taken_ = 0;
  bool send_paused_ = false;

  Clock::time_point last_progress_;
  curl_off_t moved_ = 0;
};

}  // namespace gapstow::registry
