// Requests of one connection: however the bytes are cut the same requests come out, each within its limits, and written
// anew in the plainest form each reads the same. The first byte of the input says where the bytes are cut.
#include <algorithm>
#include <string>
#include <vector>

#include "../../src/serve/http_parser.h"
#include "fuzz/fuzz.h"
#include "gapstow/base/text.h"
#include "gapstow/serve/http.h"

using namespace gapstow;
using serve::Request;
using serve::RequestParser;

namespace {

constexpr RequestParser::Limits kLimits{.header_bytes = 2048, .body_bytes = 512};
constexpr std::size_t kMaxRequests = 64;

struct Conversation {
  std::vector<Request> requests;
  std::vector<bool> keeps_alive;
  unsigned refused = 0;  ///< status; 0: the input ended
};

Conversation read(std::string_view bytes, std::size_t step) {
  Conversation found;
  RequestParser parser(kLimits);
  while (!bytes.empty() && found.requests.size() < kMaxRequests && !parser.refusal()) {
    const auto count = std::min(step, bytes.size());
    parser.feed(bytes.substr(0, count));
    bytes.remove_prefix(count);
    while (parser.complete() && found.requests.size() < kMaxRequests) {
      found.keeps_alive.push_back(parser.keeps_alive());
      found.requests.push_back(parser.take());
      parser.next();
    }
    fuzz::require(parser.body_bytes() <= kLimits.body_bytes, "bodies stay within their limit");
  }
  if (parser.refusal()) found.refused = parser.refusal()->status;
  return found;
}

bool same(const Request& a, const Request& b) {
  return a.method == b.method && a.target == b.target && a.path == b.path && a.query == b.query &&
         a.headers == b.headers && a.body == b.body;
}

void check(const Request& request) {
  fuzz::require(request.path.starts_with("/"), "a path begins with a slash");
  fuzz::require(base::is_utf8(request.path), "a path is text");
  fuzz::require(request.path.find_first_of(std::string_view("\0\\\r\n", 4)) == std::string::npos, "a path is plain");
  const auto parts = base::split(std::string_view(request.path).substr(1), '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    fuzz::require(parts[i] != "." && parts[i] != "..", "a path goes down only");
    fuzz::require(!parts[i].empty() || i + 1 == parts.size(), "only the last part may be empty");
  }
  for (const auto& [name, value] : request.headers) {
    fuzz::require(std::ranges::none_of(name, [](char c) { return (c >= 'A' && c <= 'Z') || c <= ' ' || c == ':'; }),
                  "names of headers are small tokens");
    fuzz::require(value.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos, "values are one line");
  }
  const auto range = serve::parse_range(request.header("range"), 1000);
  fuzz::require(!range || range->unsatisfiable || (range->length > 0 && range->length <= 1000 - range->first),
                "a range stays inside");
}

/// The same request with its body announced by its length.
std::string written(const Request& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
  if (!request.headers.contains("host")) text += "host: x\r\n";
  for (const auto& [name, value] : request.headers) {
    if (name == "content-length" || name == "transfer-encoding") continue;
    text.append(name).append(": ").append(value).append("\r\n");
  }
  return text + "content-length: " + std::to_string(request.body.size()) + "\r\n\r\n" + request.body;
}

void check_again(const Request& request) {
  const auto text = written(request);
  if (text.size() - request.body.size() > kLimits.header_bytes) return;
  const auto again = read(text, text.size());
  fuzz::require(again.requests.size() == 1 && again.refused == 0, "what was accepted reads again");
  const auto& second = again.requests.front();
  fuzz::require(second.method == request.method && second.path == request.path && second.query == request.query &&
                    second.body == request.body,
                "what was accepted reads the same");
}

}  // namespace

FUZZ_TARGET(input) {
  if (input.empty()) return;
  const auto step = static_cast<std::size_t>(input.front()) % 64 + 1;
  const auto bytes = base::as_text(input.subspan(1));
  const auto whole = read(bytes, std::max<std::size_t>(bytes.size(), 1));
  const auto pieces = read(bytes, step);
  fuzz::require(whole.requests.size() == pieces.requests.size(), "cuts do not matter");
  fuzz::require(whole.refused == pieces.refused || whole.requests.size() == kMaxRequests,
                "cuts do not matter to refusals");
  for (std::size_t i = 0; i < whole.requests.size(); ++i) {
    fuzz::require(same(whole.requests[i], pieces.requests[i]), "cuts do not matter to what is read");
    fuzz::require(whole.keeps_alive[i] == pieces.keeps_alive[i], "cuts do not matter to what follows");
    check(whole.requests[i]);
    check_again(whole.requests[i]);
  }
}
