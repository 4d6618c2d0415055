#include "http_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>

#include "http_target.h"

namespace gapstow::serve {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

Refusal refusal_of(const error_code& error) {
  if (error == beast_http::error::body_limit) return {413, "TOO_LARGE", "the body is too large"};
  if (error == beast_http::error::header_limit) return {431, "HEADERS_TOO_LARGE", "the head is too large"};
  return bad_request(error.message());
}

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

/// One message. Beast's parsers serve for one only.
class RequestParser::Message final : public beast_http::basic_parser<true> {
 public:
  explicit Message(const Limits& limits) {
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes + 1, UINT32_MAX)));
    body_limit(limits.body_bytes);
    eager(true);
  }

  /// How much was used.
  std::size_t parse(std::string_view bytes) {
    error_code error;
    const auto used = put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (!error || error == beast_http::error::need_more || refusal) return used;
    refusal = refusal_of(error);
    if (error == beast_http::error::bad_version && is_of_other_version(bytes)) {
      refusal = Refusal{505, "VERSION_NOT_SUPPORTED", "only HTTP/1.0 and HTTP/1.1"};
    }
    return used;
  }

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
    if (is_header_done()) return;  // fields behind a body are no headers
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
    if (!target) return refuse(bad_request("a target that has more than one reading"), error);
    request.path = std::move(target->path);
    request.query = std::move(target->query);
  }

  std::size_t on_body_impl(boost::beast::string_view body, error_code&) override {
    request.body.append(view(body));
    return body.size();
  }

  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body, error_code&) override {
    request.body.append(view(body));
    return body.size();
  }

  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  void on_finish_impl(error_code&) override {}
};

RequestParser::RequestParser(Limits limits) : limits_(limits) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

void RequestParser::feed(std::string_view bytes) {
  if (bytes.empty() || refusal()) return;
  start_message();
  if (complete()) {
    pending_.append(bytes);
  } else if (pending_.empty()) {
    parse(bytes);
  } else {
    const auto all = std::exchange(pending_, {}).append(bytes);
    parse(all);
  }
}

/// `bytes` are not those of pending_, which is empty.
void RequestParser::parse(std::string_view bytes) {
  auto& message = *message_;
  if (!message.is_header_done()) {
    // Beast sees a head when it is whole, so that limits and the scan are about the same bytes.
    message.refusal = message.scan.look(bytes.substr(0, limits_.header_bytes));
    if (message.refusal) return;
    if (message.scan.end() == 0) {
      if (bytes.size() >= limits_.header_bytes) {
        message.refusal = Refusal{431, "HEADERS_TOO_LARGE", "the head is too large"};
      } else {
        pending_ = bytes;
      }
      return;
    }
    const auto head = bytes.substr(0, message.scan.end());
    if (message.parse(head) != head.size() && !message.refusal) {
      message.refusal = bad_request("a head of several readings");
    }
    bytes.remove_prefix(message.scan.end());
  }
  while (!bytes.empty() && !message.refusal && !message.is_done()) {
    const auto used = message.parse(bytes);
    if (used == 0) break;
    bytes.remove_prefix(used);
  }
  if (message.refusal) return;
  if (!message.is_done() && bytes.size() > limits_.header_bytes) {
    message.refusal = bad_request("an over-long line between chunks");
    return;
  }
  pending_ = bytes;
}

void RequestParser::start_message() {
  if (message_ == nullptr) message_ = std::make_unique<Message>(limits_);
}

void RequestParser::next() {
  message_.reset();
  const auto rest = std::exchange(pending_, {});
  feed(rest);
}

bool RequestParser::begun() const { return message_ != nullptr; }

bool RequestParser::complete() const { return message_ != nullptr && !message_->refusal && message_->is_done(); }

const std::optional<Refusal>& RequestParser::refusal() const {
  static const std::optional<Refusal> kNone;
  return message_ == nullptr ? kNone : message_->refusal;
}

bool RequestParser::wants_continue() {
  if (message_ == nullptr || message_->refusal || message_->told_to_continue) return false;
  if (!message_->is_header_done() || message_->is_done() || !message_->rules.expects_continue()) return false;
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
