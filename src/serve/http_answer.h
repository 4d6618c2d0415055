// Answer: a response on its way, as the bytes that are still to be sent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gapstow/base/bytes.h"
#include "gapstow/serve/http.h"

namespace gapstow::serve {

/// What follows an answer on its connection.
enum class Afterwards {
  stays,       ///< HTTP/1.1: nothing needs to be said
  stays_told,  ///< HTTP/1.0
  closes,
};

/// "Mon, 23 Nov 2026 03:00:00 GMT", made once a second. For one thread.
class DateText {
 public:
  const std::string& now();

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

class Answer {
 public:
  enum class Part { whole, head };
  /// None: complete, with status 0.
  Answer() = default;
  /// Error{internal} when a header would not stay one line.
  Answer(Response response, Part part, Afterwards afterwards, std::string_view date);

  /// What is left of the head, and of a body in memory.
  base::ByteView head_left() const;
  base::ByteView body_left() const;
  /// The body when it is a file of which something is left; body_sent() says how much is not. nullptr otherwise.
  const FileBody* file_left() const;
  void advance(std::uint64_t count);
  /// The rest of the body comes out of this file, in which it is proven too.
  void go_on_with(const FileBody& renewed);

  bool complete() const { return head_at_ == head_.size() && body_at_ == body_length_; }
  std::uint64_t body_sent() const { return body_at_; }
  unsigned status() const { return status_; }
  const std::string& note() const { return response_.note; }

 private:
  Response response_;
  unsigned status_ = 0;
  std::string head_;
  std::size_t head_at_ = 0;
  std::uint64_t body_at_ = 0;
  std::uint64_t body_length_ = 0;  ///< of what is sent: 0 for HEAD
};

}  // namespace gapstow::serve
