// BodyReader: the body of a request, announced by its length or in chunks, with one way to read it. Source: RFC 9112
// sections 6 and 7.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http_rules.h"

namespace gapstow::serve {

/// A line of chunked coding: the size of a chunk with its extensions, or a field behind the last chunk.
inline constexpr std::size_t kMaxChunkLineBytes = 1024;
inline constexpr std::size_t kMaxTrailerFields = 16;

class BodyReader {
 public:
  /// Nothing comes.
  BodyReader() = default;
  /// Refuses at once what is announced as larger than `limit`.
  static BodyReader of_length(std::uint64_t length, std::size_t limit);
  static BodyReader of_chunks(std::size_t limit);

  /// Takes bytes up to the end of the body; how many.
  std::size_t feed(std::string_view bytes, std::string& body);
  bool complete() const { return state_ == State::complete; }
  const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  /// What comes next.
  enum class State { data, chunk_line, chunk_data, chunk_end, trailer_line, complete };

  std::size_t take_data(std::string_view bytes, std::string& body);
  std::size_t take_line(std::string_view bytes);
  void begin_chunk();
  void end_chunk();
  void end_trailer();
  void refuse(Refusal refusal) { refusal_ = std::move(refusal); }

  State state_ = State::complete;
  std::uint64_t left_ = 0;     ///< of the body or the chunk
  std::uint64_t allowed_ = 0;  ///< for further chunks
  std::size_t trailers_ = 0;
  std::string line_;  ///< so far, without its end
  std::optional<Refusal> refusal_;
};

}  // namespace gapstow::serve
