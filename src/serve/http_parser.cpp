#include "http_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>

#include "http_body.h"
#include "http_target.h"

namespace gapstow::serve {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A head whose first line would be in order but for its version.
bool is_of_other_version(std::string_view head) {
  const auto line = head.substr(0, head.find('\r'));
  const auto space = line.rfind(' ');
  const auto version = space == std::string_view::npos ? std::string_view{} : line.substr(space + 1);
  return std::ranges::count(line, ' ') == 2 && version.size() == 8 && version.starts_with("HTTP/") &&
         is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
}

std::string small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

}  // namespace

/// One request. Beast's parsers serve for one only; this one sees whole heads, and no body.
class RequestParser::Message final : public beast_http::basic_parser<true> {
 public:
  explicit Message(const Limits& limits) : body_limit_(limits.body_bytes) {
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes + 1, UINT32_MAX)));
    skip(true);
  }

  void parse_head(std::string_view head) {
    error_code error;
    const auto used = put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (refusal) return;
    if (error == beast_http::error::bad_version && is_of_other_version(head)) {
      refusal = Refusal{505, "VERSION_NOT_SUPPORTED", "only HTTP/1.0 and HTTP/1.1"};
    } else if (error) {
      refusal = bad_request(error.message());
    } else if (used != head.size() || !is_done()) {
      refusal = bad_request("a head of more than one reading");
    }
  }
  std::size_t parse_body(std::string_view bytes) {
    const auto used = body_.feed(bytes, request.body);
    if (body_.refusal()) refusal = body_.refusal();
    return used;
  }
  bool has_head() const { return is_done(); }
  bool is_whole() const { return has_head() && body_.complete(); }

  HeadScan scan;
  FieldRules rules;
  Request request;
  std::optional<Refusal> refusal;
  bool told_to_continue = false;

 private:
  void refuse(std::optional<Refusal> found, error_code& error) {
    if (!found) return;
    refusal = std::move(found);
    error = beast_http::error::bad_field;
  }

  void on_request_impl(beast_http::verb, boost::beast::string_view method, boost::beast::string_view target,
                       int version, error_code& error) override {
    request.method = view(method);
    request.target = view(target);
    refuse(rules.start(request.method, request.target, version), error);
  }

  void on_field_impl(beast_http::field, boost::beast::string_view name, boost::beast::string_view value,
                     error_code& error) override {
    auto small = small_letters(view(name));
    refuse(rules.field(small, view(value)), error);
    if (error) return;
    const auto [place, added] = request.headers.try_emplace(std::move(small), view(value));
    if (!added) place->second.append(", ").append(view(value));
  }

  void on_header_impl(error_code& error) override {
    refuse(rules.end(), error);
    if (error) return;
    auto target = decode_target(request.target);
    if (!target) return refuse(bad_request("a target of more than one reading"), error);
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    if (!target->authority.empty()) request.headers["host"] = std::move(target->authority);
    refuse(begin_body(), error);
  }

  /// Where nothing can be changed the method is what is wrong, not the size of what it brings.
  std::optional<Refusal> begin_body() {
    const bool brings = rules.is_chunked() || rules.length() > 0;
    if (brings && body_limit_ == 0 && request.method != "GET" && request.method != "HEAD") {
      return Refusal{405, "UNSUPPORTED", "nothing can be changed here"};
    }
    body_ =
        rules.is_chunked() ? BodyReader::of_chunks(body_limit_) : BodyReader::of_length(rules.length(), body_limit_);
    return body_.refusal();
  }

  std::size_t on_body_impl(boost::beast::string_view, error_code&) override { return 0; }
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view, error_code&) override { return 0; }
  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  std::size_t body_limit_;
  BodyReader body_;
};

RequestParser::RequestParser(Limits limits) : limits_(limits) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

void RequestParser::feed(std::string_view bytes) {
  if (bytes.empty() || refusal()) return;
  if (message_ == nullptr) message_ = std::make_unique<Message>(limits_);
  if (message_->is_whole()) {
    pending_.append(bytes);
  } else if (message_->has_head()) {
    pending_ = bytes.substr(message_->parse_body(bytes));
  } else if (pending_.empty()) {
    parse(bytes);
  } else {
    const auto all = std::exchange(pending_, {}).append(bytes);
    parse(all);
  }
}

/// `bytes` begin with the head, and are not those of pending_, which is empty.
void RequestParser::parse(std::string_view bytes) {
  auto& message = *message_;
  message.refusal = message.scan.look(bytes.substr(0, limits_.header_bytes));
  if (message.refusal) return;
  const auto end = message.scan.end();
  if (end != 0) {
    message.parse_head(bytes.substr(0, end));
    if (message.refusal) return;
    const auto rest = bytes.substr(end);
    pending_ = rest.substr(message.parse_body(rest));
  } else if (bytes.size() >= limits_.header_bytes) {
    message.refusal = Refusal{431, "HEADERS_TOO_LARGE", "the head is too large"};
  } else {
    pending_ = bytes;
  }
}

void RequestParser::next() {
  message_.reset();
  const auto rest = std::exchange(pending_, {});
  feed(rest);
}

bool RequestParser::begun() const { return message_ != nullptr; }

bool RequestParser::complete() const { return message_ != nullptr && !message_->refusal && message_->is_whole(); }

const std::optional<Refusal>& RequestParser::refusal() const {
  static const std::optional<Refusal> kNone;
  return message_ == nullptr ? kNone : message_->refusal;
}

bool RequestParser::wants_continue() {
  if (message_ == nullptr || message_->refusal || message_->told_to_continue) return false;
  if (!message_->has_head() || message_->is_whole() || !message_->rules.expects_continue()) return false;
  message_->told_to_continue = true;
  return message_->request.body.empty();
}

const Request& RequestParser::request() const {
  static const Request kNone;
  return message_ == nullptr ? kNone : message_->request;
}

Request RequestParser::take() { return std::exchange(message_->request, {}); }

bool RequestParser::keeps_alive() const { return message_ != nullptr && message_->rules.keeps_alive(); }
bool RequestParser::is_old() const { return message_ != nullptr && message_->rules.is_old(); }
std::size_t RequestParser::body_bytes() const { return message_ == nullptr ? 0 : message_->request.body.size(); }

}  // namespace gapstow::serve
