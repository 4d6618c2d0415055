#include "gapstow/serve/http.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "../../../src/serve/http_body.h"
#include "../../../src/serve/http_parser.h"
#include "../../../src/serve/http_target.h"

using namespace gapstow;
using serve::decode_target;
using serve::parse_range;
using serve::Request;
using serve::RequestParser;
using serve::Response;

namespace {

std::string range_text(const std::optional<serve::Range>& range) {
  if (!range) return "none";
  if (range->unsatisfiable) return "unsatisfiable";
  return std::to_string(range->first) + "+" + std::to_string(range->length);
}

std::string header_of(const Response& response, const std::string& name) {
  for (const auto& [each, value] : response.headers) {
    if (each == name) return value;
  }
  return "";
}

std::string text_of(const Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
  if (const auto* shared = std::get_if<serve::SharedBody>(&response.body)) {
    return std::string(base::as_text(**shared));
  }
  const auto& file = std::get<serve::FileBody>(response.body);
  return std::to_string(file.offset) + "+" + std::to_string(file.length);
}

Response document() {
  Response response;
  response.headers = {{"ETag", "\"a\""}, {"Content-Type", "text/plain"}};
  response.body = "0123456789";
  return response;
}

Response asked(const std::map<std::string, std::string, std::less<>>& headers, const std::string& method = "GET",
               Response response = document()) {
  Request request;
  request.method = method;
  request.headers = headers;
  return serve::conditional(request, std::move(response));
}

/// "GET /path?query|body", "refused 400", or "more".
std::string outcome(RequestParser& parser) {
  if (parser.refusal()) return "refused " + std::to_string(parser.refusal()->status);
  if (!parser.complete()) return "more";
  const auto& request = parser.request();
  std::string text = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) text += "?" + name + "=" + value;
  return text + "|" + request.body;
}

RequestParser parser(std::size_t body = 1000) { return RequestParser({.header_bytes = 1024, .body_bytes = body}); }

std::string parsed(const std::string& bytes, std::size_t body = 1000) {
  auto reader = parser(body);
  reader.feed(bytes);
  return outcome(reader);
}

}  // namespace

TEST_CASE("Ranges are read as RFC 9110 says; what is malformed is no range") {
  CHECK(range_text(parse_range("bytes=0-4", 10)) == "0+5");
  CHECK(range_text(parse_range("bytes=5-", 10)) == "5+5");
  CHECK(range_text(parse_range("bytes=9-9", 10)) == "9+1");
  CHECK(range_text(parse_range("bytes=-3", 10)) == "7+3");
  CHECK(range_text(parse_range("bytes=-30", 10)) == "0+10");
  CHECK(range_text(parse_range("BYTES=0-99", 10)) == "0+10");
  CHECK(range_text(parse_range("bytes=3-99999999999999999999999999", 10)) == "3+7");
  CHECK(range_text(parse_range("bytes=10-", 10)) == "unsatisfiable");
  CHECK(range_text(parse_range("bytes=99999999999999999999999999-", 10)) == "unsatisfiable");
  CHECK(range_text(parse_range("bytes=-0", 10)) == "unsatisfiable");
  CHECK(range_text(parse_range("bytes=0-", 0)) == "unsatisfiable");
  CHECK(range_text(parse_range("bytes=-5", 0)) == "unsatisfiable");
  for (const auto* bad : {"", "bytes=", "bytes=-", "bytes=5", "bytes=5-4", "bytes=a-b", "bytes= 0-4", "bytes=0-4 ",
                          "bytes=0-4,6-7", "bytes=+1-2", "items=0-4", "bytes 0-4", "bytes=0--4", "bytes=0x1-4"}) {
    INFO(bad);
    CHECK(range_text(parse_range(bad, 10)) == "none");
  }
}

TEST_CASE("A range never leaves the body") {
  rc::check([](std::uint64_t first, std::uint64_t last, std::uint64_t size, int form) {
    std::string header = "bytes=";
    if (form % 3 != 0) header += std::to_string(first);
    header += '-';
    if (form % 3 != 1) header += std::to_string(last);
    const auto range = parse_range(header, size);
    if (!range || range->unsatisfiable) return;
    RC_ASSERT(range->length >= 1U);
    RC_ASSERT(range->first < size);
    RC_ASSERT(range->length <= size - range->first);
  });
}

TEST_CASE("Conditions and ranges turn a whole body into what was asked for") {
  CHECK(asked({}).status == 200);
  CHECK(header_of(asked({}), "Accept-Ranges") == "bytes");
  const auto part = asked({{"range", "bytes=2-4"}});
  CHECK(part.status == 206);
  CHECK(text_of(part) == "234");
  CHECK(header_of(part, "Content-Range") == "bytes 2-4/10");
  const auto behind = asked({{"range", "bytes=10-"}});
  CHECK(behind.status == 416);
  CHECK(header_of(behind, "Content-Range") == "bytes */10");
  CHECK(asked({{"range", "bytes=0-1,4-5"}}).status == 200);
  CHECK(asked({{"range", "bytes=0-1"}}, "HEAD").status == 200);

  CHECK(asked({{"if-none-match", "\"a\""}}).status == 304);
  CHECK(text_of(asked({{"if-none-match", "\"a\""}})).empty());
  CHECK(asked({{"if-none-match", "\"b\", W/\"a\""}}).status == 304);
  CHECK(asked({{"if-none-match", "*"}}, "HEAD").status == 304);
  CHECK(asked({{"if-none-match", "\"b\""}}).status == 200);
  CHECK(asked({{"if-match", "\"b\""}}).status == 412);
  CHECK(asked({{"if-match", "W/\"a\""}}).status == 412);
  CHECK(asked({{"if-match", "\"b\", \"a\""}}).status == 200);
  CHECK(asked({{"if-match", "*"}}).status == 200);

  CHECK(asked({{"range", "bytes=0-1"}, {"if-range", "\"a\""}}).status == 206);
  CHECK(asked({{"range", "bytes=0-1"}, {"if-range", "\"b\""}}).status == 200);
  CHECK(asked({{"range", "bytes=0-1"}, {"if-range", "W/\"a\""}}).status == 200);
  CHECK(asked({{"range", "bytes=0-1"}, {"if-range", "Mon, 23 Nov 2026 03:00:00 GMT"}}).status == 200);
}

TEST_CASE("Conditions leave alone what is no whole document of a reader") {
  CHECK(asked({{"if-none-match", "*"}}, "POST").status == 200);
  auto without_tag = document();
  without_tag.headers.clear();
  CHECK(asked({{"if-none-match", "*"}}, "GET", without_tag).status == 200);
  auto missing = document();
  missing.status = 404;
  CHECK(asked({{"range", "bytes=0-1"}}, "GET", missing).status == 404);
}

TEST_CASE("Shared bodies and files are cut like texts") {
  auto shared = document();
  shared.body = std::make_shared<const base::Bytes>(base::to_bytes("abcdefghij"));
  CHECK(text_of(asked({{"range", "bytes=-2"}}, "GET", shared)) == "ij");
  auto file = document();
  file.body = serve::FileBody{nullptr, 1000, 50, {}};
  const auto part = asked({{"range", "bytes=10-19"}}, "GET", file);
  CHECK(text_of(part) == "1010+10");
  CHECK(header_of(part, "Content-Range") == "bytes 10-19/50");
}

TEST_CASE("405 says what is allowed") {
  const auto response = serve::method_not_allowed("GET, HEAD");
  CHECK(response.status == 405);
  CHECK(header_of(response, "Allow") == "GET, HEAD");
}

TEST_CASE("Targets are decoded once") {
  CHECK(decode_target("/")->path == "/");
  CHECK(decode_target("/v2/")->path == "/v2/");
  CHECK(decode_target("/v2/a%62c/%C3%A9")->path == "/v2/abc/\xC3\xA9");
  CHECK(decode_target("/a%252e")->path == "/a%2e");
  CHECK(decode_target("/a+b")->path == "/a+b");
  CHECK(decode_target("/...")->path == "/...");
  const auto query = decode_target("/x?a=1&&b&c=%2Fd+e&a=2?")->query;
  CHECK(query == std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", ""}, {"c", "/d e"}, {"a", "2?"}});
}

TEST_CASE("Targets in absolute form name the host themselves") {
  const auto target = decode_target("HTTP://host:80/v2/?ns=a");
  REQUIRE(target);
  CHECK(target->authority == "host:80");
  CHECK(target->path == "/v2/");
  CHECK(target->query.size() == 1);
  CHECK(decode_target("https://[::1]:5443")->path == "/");
  CHECK(decode_target("http://host?a=b")->path == "/");
  CHECK(decode_target("/v2/")->authority.empty());
  for (const auto* bad :
       {"http://", "http:///v2/", "http://user@host/", "http://ho\\st/", "http://host//", "http://host/../",
        "ftp://host/", "http:/host/", "//host/", "http://host/#x", "http://host%zz/%"}) {
    INFO(bad);
    CHECK_FALSE(decode_target(bad).has_value());
  }
  auto reader = parser();
  reader.feed("GET http://proxied/v2/ HTTP/1.1\r\nHost: other\r\n\r\n");
  REQUIRE(reader.complete());
  CHECK(reader.request().header("host") == "proxied");
  CHECK(parsed("GET http://proxied/ HTTP/1.1\r\n\r\n") == "refused 400");
}

TEST_CASE("Targets of more than one reading are refused") {
  for (const auto* bad : {"",       "*",     "x",       "host/path", "//",        "/a//b",      "//a",    "/.",
                          "/a/./b", "/..",   "/a/../b", "/a/..",     "/%2e%2e/b", "/%2E",       "/a%2fb", "/a%2Fb",
                          "/a%5cb", "/a\\b", "/%00",    "/a%0a",     "/%7f",      "/%",         "/%4",    "/%zz",
                          "/%ff",   "/a#b",  "/a?%00",  "/a?b=%",    "/a?b=%ff",  "/a?b=%0d%0a"}) {
    INFO(bad);
    CHECK_FALSE(decode_target(bad).has_value());
  }
  std::string many = "/?";
  for (std::size_t i = 0; i <= serve::kMaxParameters; ++i) many += "a&";
  CHECK_FALSE(decode_target(many).has_value());
}

TEST_CASE("A request reads the same however it is cut") {
  const std::string text =
      "POST /a?b=c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=\"value\"\r\nhello\r\n001\r\n \r\n5\r\nworld\r\n0\r\nTrailer: t\r\nHost: y\r\n\r\n"
      "GET /next HTTP/1.1\r\nHost: x\r\n\r\n";
  rc::check([&](const std::vector<std::uint8_t>& cuts) {
    auto reader = parser();
    std::string first;
    std::size_t at = 0;
    const auto feed = [&](std::size_t count) {
      reader.feed(std::string_view(text).substr(at, count));
      at += count;
      if (reader.complete() && first.empty()) {
        first = outcome(reader);
        RC_ASSERT(reader.request().header("trailer").empty());
        reader.next();
      }
    };
    for (const auto cut : cuts) {
      if (at + cut < text.size()) feed(cut);
    }
    feed(text.size() - at);
    RC_ASSERT(first == "POST /a?b=c|hello world");
    RC_ASSERT(outcome(reader) == "GET /next|");
  });
}

TEST_CASE("Headers come in small letters, several of one name joined") {
  auto reader = parser();
  reader.feed("GET / HTTP/1.1\r\nHOST: x\r\nAccept: a\r\naccept:  b \r\nX-Empty:\r\n\r\n");
  REQUIRE(reader.complete());
  CHECK(reader.request().header("accept") == "a, b");
  CHECK(reader.request().headers.contains("x-empty"));
  CHECK(reader.keeps_alive());
}

TEST_CASE("Who keeps a connection") {
  const auto keeps = [](const std::string& text) {
    auto reader = parser();
    reader.feed(text);
    REQUIRE(reader.complete());
    return reader.keeps_alive();
  };
  CHECK(keeps("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK_FALSE(keeps("GET / HTTP/1.1\r\nHost: x\r\nConnection: Foo, Close\r\n\r\n"));
  CHECK_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  CHECK(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_CASE("Bodies are bounded before they are taken") {
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  CHECK(parsed(post + "Content-Length: 5\r\n\r\nhello", 5) == "POST /|hello");
  CHECK(parsed(post + "Content-Length: 6\r\n\r\n", 5) == "refused 413");
  CHECK(parsed(post + "Content-Length: 9999999999999999999\r\n\r\n", 5) == "refused 413");
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  CHECK(parsed(chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 5) == "POST /|abcde");
  CHECK(parsed(chunked + "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", 5) == "refused 413");
  CHECK(parsed(chunked + "ffffffffffffffff\r\n", 5) == "refused 413");
}

TEST_CASE("Where no bodies are taken, what would change things is refused for that") {
  const std::string body = " / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";
  const std::string chunks = " / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    CHECK(parsed(method + body, 0) == "refused 405");
    CHECK(parsed(method + chunks, 0) == "refused 405");
    CHECK(parsed(method + " / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 0) == method + " /|");
  }
  CHECK(parsed("GET" + body, 0) == "refused 413");
  CHECK(parsed("GET" + chunks, 0) == "refused 413");
}

TEST_CASE("Heads are bounded") {
  const std::string long_value(2000, 'a');
  CHECK(parsed("GET / HTTP/1.1\r\nHost: x\r\nA: " + long_value) == "refused 431");
  CHECK(parsed("GET /" + long_value) == "refused 431");
  RequestParser wide({.header_bytes = 64 * 1024, .body_bytes = 0});
  wide.feed("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(outcome(wide) == "refused 414");
  RequestParser crowded({.header_bytes = 64 * 1024, .body_bytes = 0});
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (std::size_t i = 0; i < serve::kMaxFields; ++i) many += "A" + std::to_string(i) + ": b\r\n";
  crowded.feed(many + "\r\n");
  CHECK(outcome(crowded) == "refused 431");
}

TEST_CASE("Shapes that others read in another way are refused") {
  const std::string host = "Host: x\r\n";
  for (const std::string& bad : std::vector<std::string>{
           "GET / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
           "GET / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
           "GET / HTTP/1.1\r\n" + host + "Content-Length: 3, 3\r\n\r\nabc",
           "GET / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\nabc",
           "GET / HTTP/1.1\r\n" + host + "Content-Length: 0x3\r\n\r\nabc",
           "GET / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Content-Length:\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Content-Length : 3\r\n\r\nabc",
           "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding:\x0b chunked\r\n\r\n",
           "GET / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "A: b\r\n c\r\n\r\n",
           "GET / HTTP/1.1\r\n " + host + "\r\n",
           "GET / HTTP/1.1\n" + host + "\r\n",
           "GET / HTTP/1.1\r\nHost: x\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\n\n",
           "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\n\rA: b\r\n\r\n",
           "\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + host + "\r\n",
           "GET / HTTP/1.1\r\nHost:\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: user@a\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "no colon\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + ": nameless\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "A\tB: c\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + std::string("A: b\0c\r\n\r\n", 10),
           "GET / HTTP/1.1\r\n" + host + "A: \x01\r\n\r\n",
           "GET  / HTTP/1.1\r\n" + host + "\r\n",
           "GET /  HTTP/1.1\r\n" + host + "\r\n",
           "GET /a b HTTP/1.1\r\n" + host + "\r\n",
           "GET /\xc3\xa9 HTTP/1.1\r\n" + host + "\r\n",
           "GET\t/\tHTTP/1.1\r\n" + host + "\r\n",
           "G@T / HTTP/1.1\r\n" + host + "\r\n",
           std::string(40, 'G') + " / HTTP/1.1\r\n" + host + "\r\n",
           "GET ftp://x/ HTTP/1.1\r\n" + host + "\r\n",
           "GET / http/1.1\r\n" + host + "\r\n",
           "GET /\r\n\r\n",
           "\x16\x03\x01\x02",
       }) {
    INFO(bad);
    CHECK(parsed(bad) == "refused 400");
  }
  CHECK(parsed("GET / HTTP/2.0\r\n" + host + "\r\n") == "refused 505");
  CHECK(parsed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == "refused 505");
  CHECK(parsed("GET / HTTP/1.1\r\n" + host + "Expect: 200-ok\r\n\r\n") == "refused 417");
}

TEST_CASE("Chunks of odd forms are refused") {
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto* bad :
       {"g\r\n", "-1\r\n", "0x1\r\na\r\n0\r\n\r\n", " 1\r\na\r\n0\r\n\r\n", "1\na\n0\n\n\r\n", "1\r\nab\r\n0\r\n\r\n",
        "1\r\na0\r\n\r\n", "\r\n", ";\r\n", "10000000000000001\r\n", "0\r\nA B: c\r\n\r\n"}) {
    INFO(bad);
    const auto result = parsed(head + bad);
    CHECK((result == "refused 400" || result == "refused 413"));
  }
  CHECK(parsed(head + "1;" + std::string(4000, 'x')) == "refused 400");
  CHECK(parsed(head + "0\r\nA: " + std::string(4000, 'x')) == "refused 400");
}

TEST_CASE("Fields behind a body are few, and are fields") {
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  CHECK(parsed(head + "A: b\r\nContent-Length: 7\r\n\r\n") == "POST /|");
  CHECK(parsed(head + "A: b\r\n c\r\n\r\n") == "refused 400");
  CHECK(parsed(head + "A\r\n\r\n") == "refused 400");
  CHECK(parsed(head + ": b\r\n\r\n") == "refused 400");
  CHECK(parsed(head + "A: b\n\r\n") == "refused 400");
  std::string many = head;
  for (std::size_t i = 0; i <= serve::kMaxTrailerFields; ++i) many += "A: b\r\n";
  CHECK(parsed(many + "\r\n") == "refused 431");
}

TEST_CASE("Nothing is read behind a refused request") {
  auto reader = parser();
  reader.feed("GET / HTTP/1.1\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(outcome(reader) == "refused 400");
  reader.feed("GET /third HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(outcome(reader) == "refused 400");
}
