#include "http_rules.h"

#include <algorithm>
#include <charconv>

#include "gapstow/base/text.h"
#include "http_target.h"
#include "http_words.h"

namespace gapstow::serve {
namespace {

constexpr std::size_t kMaxMethodBytes = 32;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_visible(char c) { return c > 0x20 && c < 0x7f; }

bool is_forbidden_in_heads(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7f;
}

}  // namespace

Refusal bad_request(std::string reason) { return {400, "BAD_REQUEST", std::move(reason)}; }

std::optional<Refusal> HeadScan::look(std::string_view head) {
  for (; seen_ < head.size() && end_ == 0; ++seen_) {
    const char c = head[seen_];
    const char before = seen_ == 0 ? '\0' : head[seen_ - 1];
    if (is_forbidden_in_heads(c)) return bad_request("a control character in the head");
    if ((c == '\n') != (before == '\r')) return bad_request("lines must end with CR LF");
    if (before != '\n') continue;
    if (c == ' ' || c == '\t') return bad_request("a folded line");
    if (c == '\r' && seen_ + 1 < head.size() && head[seen_ + 1] == '\n') end_ = seen_ + 2;
    if (c == '\r' && seen_ + 1 == head.size()) break;  // looked at again when its LF has come
  }
  return std::nullopt;
}

std::optional<Refusal> FieldRules::start(std::string_view method, std::string_view target, int version) {
  version_ = version;
  if (method.size() > kMaxMethodBytes) return bad_request("an over-long method");
  if (target.size() > kMaxTargetBytes) return Refusal{414, "URI_TOO_LONG", "an over-long target"};
  if (!std::ranges::all_of(target, is_visible)) return bad_request("a target with characters that must be escaped");
  return std::nullopt;
}

std::optional<Refusal> FieldRules::field(std::string_view name, std::string_view value) {
  if (++fields_ > kMaxFields) return Refusal{431, "HEADERS_TOO_LARGE", "too many header fields"};
  if (name == "host") return host(value);
  if (name == "transfer-encoding") return transfer_encoding(value);
  if (name == "content-length") return content_length(value);
  if (name == "connection") connection(value);
  if (name == "expect") {
    if (expects_) return bad_request("Expect twice");
    expects_ = true;
    if (!same_word(value, "100-continue")) return Refusal{417, "EXPECTATION_FAILED", "an unknown expectation"};
    expects_continue_ = version_ == 11;
  }
  return std::nullopt;
}

std::optional<Refusal> FieldRules::end() const {
  if (!host_ && version_ == 11) return bad_request("no Host");
  return std::nullopt;
}

std::optional<Refusal> FieldRules::host(std::string_view value) {
  if (host_) return bad_request("Host twice");
  if (!is_authority(value)) return bad_request("a Host that names no host");
  host_ = true;
  return std::nullopt;
}

std::optional<Refusal> FieldRules::transfer_encoding(std::string_view value) {
  if (chunked_) return bad_request("Transfer-Encoding twice");
  if (length_) return bad_request("Content-Length and Transfer-Encoding");
  if (version_ == 10) return bad_request("Transfer-Encoding in HTTP/1.0");
  if (!same_word(value, "chunked")) return bad_request("an unknown Transfer-Encoding");
  chunked_ = true;
  return std::nullopt;
}

std::optional<Refusal> FieldRules::content_length(std::string_view value) {
  if (length_) return bad_request("Content-Length twice");
  if (chunked_) return bad_request("Content-Length and Transfer-Encoding");
  std::uint64_t length = 0;
  const auto result = std::from_chars(value.data(), value.data() + value.size(), length);
  if (result.ec != std::errc{} || result.ptr != value.data() + value.size()) {
    return bad_request("a Content-Length that is no number");
  }
  length_ = length;
  return std::nullopt;
}

void FieldRules::connection(std::string_view value) {
  for (const auto word : base::split(value, ',')) {
    if (same_word(trimmed(word), "close")) close_ = true;
    if (same_word(trimmed(word), "keep-alive")) keep_alive_ = true;
  }
}

}  // namespace gapstow::serve
