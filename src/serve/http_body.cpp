#include "http_body.h"

#include <algorithm>

namespace gapstow::serve {
namespace {

constexpr std::size_t kMaxSizeDigits = 15;  // fits 60 bits

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

Refusal too_large() { return {413, "TOO_LARGE", "the body is too large"}; }

}  // namespace

BodyReader BodyReader::of_length(std::uint64_t length, std::size_t limit) {
  BodyReader reader;
  if (length > limit) reader.refuse(too_large());
  reader.left_ = length;
  if (length > 0) reader.state_ = State::data;
  return reader;
}

BodyReader BodyReader::of_chunks(std::size_t limit) {
  BodyReader reader;
  reader.allowed_ = limit;
  reader.state_ = State::chunk_line;
  return reader;
}

std::size_t BodyReader::feed(std::string_view bytes, std::string& body) {
  std::size_t used = 0;
  while (used < bytes.size() && !refusal_ && !complete()) {
    const auto rest = bytes.substr(used);
    const bool in_data = state_ == State::data || state_ == State::chunk_data;
    used += in_data ? take_data(rest, body) : take_line(rest);
  }
  return used;
}

std::size_t BodyReader::take_data(std::string_view bytes, std::string& body) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_));
  body.append(bytes.substr(0, count));
  left_ -= count;
  if (left_ == 0) state_ = state_ == State::data ? State::complete : State::chunk_end;
  return count;
}

/// Lines end with CR LF; neither stands alone, and no other control character is in them.
std::size_t BodyReader::take_line(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    const bool after_cr = !line_.empty() && line_.back() == '\r';
    const bool forbidden = (static_cast<unsigned char>(c) < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7f;
    if (forbidden || (c == '\n') != after_cr) {
      refuse(bad_request("a broken line between chunks"));
      return i;
    }
    if (after_cr) {
      line_.pop_back();
      if (state_ == State::chunk_line) {
        begin_chunk();
      } else if (state_ == State::chunk_end) {
        end_chunk();
      } else {
        end_trailer();
      }
      line_.clear();
      return i + 1;
    }
    if (line_.size() == kMaxChunkLineBytes) {
      refuse(bad_request("an over-long line between chunks"));
      return i;
    }
    line_ += c;
  }
  return bytes.size();
}

/// What extensions say is nothing to us; that they are extensions is seen by the semicolon.
void BodyReader::begin_chunk() {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  while (digits < line_.size() && digits <= kMaxSizeDigits && hex_digit(line_[digits]) >= 0) {
    size = size * 16 + static_cast<std::uint64_t>(hex_digit(line_[digits]));
    ++digits;
  }
  if (digits > kMaxSizeDigits) return refuse(too_large());
  if (digits == 0 || (digits < line_.size() && line_[digits] != ';')) {
    return refuse(bad_request("a chunk without a sound size"));
  }
  if (size > allowed_) return refuse(too_large());
  allowed_ -= size;
  left_ = size;
  state_ = size == 0 ? State::trailer_line : State::chunk_data;
}

void BodyReader::end_chunk() {
  if (!line_.empty()) return refuse(bad_request("a chunk that is longer than it says"));
  state_ = State::chunk_line;
}

/// Fields behind a body are no headers: they must be fields, and are dropped.
void BodyReader::end_trailer() {
  if (line_.empty()) {
    state_ = State::complete;
    return;
  }
  const auto name = std::string_view(line_).substr(0, line_.find(':'));
  if (name.empty() || name.size() == line_.size() || !std::ranges::all_of(name, is_token_character)) {
    return refuse(bad_request("something that is no field behind the last chunk"));
  }
  if (++trailers_ > kMaxTrailerFields) refuse({431, "HEADERS_TOO_LARGE", "too many fields behind the last chunk"});
}

}  // namespace gapstow::serve
