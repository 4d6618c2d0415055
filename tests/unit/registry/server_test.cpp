// Server: exchanges, redirects, retries, bounds, against a server that misbehaves.
#include "gapstow/registry/server.h"

#include <catch2/catch.hpp>
#include <thread>

#include "gapstow/base/stream.h"
#include "support/error_of.h"
#include "support/fake_server.h"
#include "support/http_fixture.h"

using namespace gapstow;
using test::call_of;
using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using test::HttpFixture;

namespace {

std::string text(const base::Bytes& bytes) { return std::string(base::as_text(bytes)); }

/// Answers one reply after the other; the last one again and again.
FakeServer::Handler in_turn(std::vector<FakeReply> replies) {
  return [replies = std::move(replies), next = std::size_t{0}](const FakeRequest&) mutable {
    return replies[std::min(next++, replies.size() - 1)];
  };
}

FakeReply redirect(const std::string& to, int status = 307) {
  return {.status = status, .headers = {{"Location", to}}};
}

}  // namespace

TEST_CASE("a whole exchange", "[registry]") {
  FakeServer server([](const FakeRequest& request) {
    return FakeReply{.headers = {{"X-Said", " hello "}}, .body = request.method + " " + request.target};
  });
  HttpFixture fixture;
  auto& registry = fixture.at(server);
  const auto reply = registry.send(call_of("GET", "/v2/a?n=1"));
  REQUIRE(reply.status == 200);
  REQUIRE(reply.headers.find("x-said") == "hello");
  REQUIRE(text(reply.body) == "GET /v2/a?n=1");
  REQUIRE(reply.url == server.url() + "/v2/a?n=1");

  auto post = call_of("POST", "/v2/b");
  post.headers.add("Content-Type", "text/plain");
  post.body = base::to_bytes("body");
  REQUIRE(text(registry.send(post).body) == "POST /v2/b");
  const auto request = server.requests().back();
  REQUIRE(request.body == "body");
  REQUIRE(request.header("Content-Type") == "text/plain");
  REQUIRE(request.header("Accept-Encoding") == "identity");
  REQUIRE(request.header("User-Agent") == "gapstow");
  REQUIRE_FALSE(request.headers.find("Expect"));

  REQUIRE(registry.send(call_of("HEAD", "/v2/c")).body.empty());
  REQUIRE(registry.send(call_of("DELETE", "/v2/d")).status == 200);
  registry.send(call_of("POST", "/v2/e"));
  REQUIRE(server.requests().back().header("Content-Length") == "0");
  // One connection for all: nobody waits for handshakes.
  REQUIRE(server.connections() == 1);
}

TEST_CASE("a download is a stream", "[registry]") {
  std::string body(3'000'000, ' ');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * i / 7);
  FakeServer server([&](const FakeRequest&) { return FakeReply{.body = body}; });
  HttpFixture fixture;
  for (const std::size_t size : {1'000U, 70'000U, 262'144U, 1'000'000U}) {
    auto download = fixture.at(server).download(call_of("GET", "/v2/blob"));
    REQUIRE(download->reply().status == 200);
    base::Bytes all;
    base::Bytes chunk(size);
    while (const auto count = download->read(chunk)) base::append(all, base::ByteView(chunk).first(count));
    REQUIRE(text(all) == body);
    REQUIRE(download->read(chunk) == 0);
  }
  REQUIRE(server.connections() == 1);
}

TEST_CASE("a download that is dropped disturbs nobody", "[registry]") {
  FakeServer server([](const FakeRequest& request) {
    return request.target == "/v2/big" ? FakeReply{.body = std::string(20'000'000, 'x')} : FakeReply{.body = "small"};
  });
  HttpFixture fixture;
  for (int i = 0; i < 3; ++i) {
    auto download = fixture.at(server).download(call_of("GET", "/v2/big"));
    base::Bytes chunk(100);
    REQUIRE(download->read(chunk) > 0);
  }
  REQUIRE(text(fixture.at(server).send(call_of("GET", "/v2/small")).body) == "small");
}

TEST_CASE("an upload is sent as it is written", "[registry]") {
  FakeServer server([](const FakeRequest&) { return FakeReply{.status = 201}; });
  HttpFixture fixture;
  const std::string part(700'000, 'y');
  auto upload = fixture.at(server).upload(call_of("PUT", "/v2/a/blobs/uploads/1"), 4 * part.size());
  for (int i = 0; i < 4; ++i) REQUIRE(upload->write(base::as_bytes(part)));
  REQUIRE_ERROR(internal, upload->write(base::as_bytes("x")));
  REQUIRE(upload->take_reply().status == 201);
  REQUIRE(server.requests().back().body == part + part + part + part);
  REQUIRE(server.lines() == std::vector<std::string>{"GET /v2/", "PUT /v2/a/blobs/uploads/1"});

  auto empty = fixture.at(server).upload(call_of("PUT", "/v2/a/blobs/uploads/2"), 0);
  REQUIRE(empty->take_reply().status == 201);
  REQUIRE(server.requests().back().header("Content-Length") == "0");
  auto short_one = fixture.at(server).upload(call_of("PUT", "/v2/a/blobs/uploads/3"), 10);
  REQUIRE(short_one->write(base::as_bytes("123")));
  REQUIRE_ERROR(internal, short_one->take_reply());
}

TEST_CASE("an upload that is refused in the middle", "[registry]") {
  FakeServer server([](const FakeRequest&) { return FakeReply{}; },
                    [](const FakeRequest& head) -> std::optional<FakeReply> {
                      if (head.method != "PATCH") return std::nullopt;
                      return FakeReply{.status = 413, .body = "too much", .body_taken = 1'000'000};
                    });
  HttpFixture fixture;
  const std::string part(256 * 1024, 'z');
  auto upload = fixture.at(server).upload(call_of("PATCH", "/v2/u"), 1000 * part.size());
  int parts = 0;
  while (upload->write(base::as_bytes(part))) REQUIRE(++parts < 1000);
  REQUIRE_FALSE(upload->write(base::as_bytes(part)));
  const auto reply = upload->take_reply();
  REQUIRE(reply.status == 413);
  REQUIRE(text(reply.body) == "too much");
}

TEST_CASE("an upload that is cut", "[registry]") {
  FakeServer server([](const FakeRequest&) { return FakeReply{}; },
                    [](const FakeRequest& head) -> std::optional<FakeReply> {
                      if (head.method != "PATCH") return std::nullopt;
                      return FakeReply{.cut_after = 0, .body_taken = 1'000'000};
                    });
  HttpFixture fixture;
  const std::string part(256 * 1024, 'z');
  auto upload = fixture.at(server).upload(call_of("PATCH", "/v2/u"), 1000 * part.size());
  REQUIRE_ERROR(network, [&] {
    while (upload->write(base::as_bytes(part))) {
    }
    upload->take_reply();
  }());
}

TEST_CASE("redirects of GET and HEAD are followed", "[registry]") {
  FakeServer other([](const FakeRequest& request) { return FakeReply{.body = "blob at " + request.target}; });
  FakeServer server([&](const FakeRequest& request) {
    if (request.path() == "/v2/relative") return redirect("../x/here?a=b");
    if (request.path() == "/v2/away") return redirect(other.url() + "/store/1?signature=s");
    if (request.path() == "/v2/loop") return redirect("/v2/loop", 302);
    if (request.path() == "/v2/odd") return redirect("ftp://127.0.0.1/x");
    if (request.path() == "/v2/user") return redirect("http://me:secret@127.0.0.1/x");
    if (request.path() == "/v2/none") return FakeReply{.status = 307};
    return FakeReply{.body = request.target};
  });
  HttpFixture fixture;
  auto& registry = fixture.at(server);
  REQUIRE(text(registry.send(call_of("GET", "/v2/relative")).body) == "/x/here?a=b");
  const auto away = registry.send(call_of("GET", "/v2/away"));
  REQUIRE(text(away.body) == "blob at /store/1?signature=s");
  REQUIRE(away.url == other.url() + "/store/1?signature=s");
  REQUIRE(registry.send(call_of("HEAD", "/v2/away")).status == 200);
  REQUIRE(other.requests().back().method == "HEAD");
  REQUIRE(text(base::read_all(*registry.download(call_of("GET", "/v2/away")), 1000)) == "blob at /store/1?signature=s");
  REQUIRE_ERROR(network, registry.send(call_of("GET", "/v2/loop")));
  REQUIRE_ERROR(malformed, registry.send(call_of("GET", "/v2/odd")));
  REQUIRE_ERROR(malformed, registry.send(call_of("GET", "/v2/user")));
  REQUIRE(registry.send(call_of("GET", "/v2/none")).status == 307);
  REQUIRE(registry.send(call_of("POST", "/v2/away")).status == 307);
}

TEST_CASE("what may pass is tried again", "[registry]") {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    FakeServer server(in_turn({{.status = status}, {.status = status}, {.body = "at last"}}));
    HttpFixture fixture;
    REQUIRE(text(fixture.at(server).send(call_of("GET", "/v2/")).body) == "at last");
  }
  for (const int status : {400, 403, 404, 416, 501}) {
    FakeServer server(in_turn({{.status = status}}));
    HttpFixture fixture;
    REQUIRE(fixture.at(server).send(call_of("GET", "/v2/")).status == status);
    REQUIRE(server.requests().size() == 1);
  }
}

TEST_CASE("tries end", "[registry]") {
  FakeServer server(in_turn({{.status = 503, .body = "busy"}}));
  HttpFixture fixture;
  const auto reply = fixture.at(server).send(call_of("GET", "/v2/"));
  REQUIRE(reply.status == 503);
  REQUIRE(text(reply.body) == "busy");
  REQUIRE(server.requests().size() == 3);
  auto download = fixture.at(server).download(call_of("GET", "/v2/"));
  REQUIRE(download->reply().status == 503);
  REQUIRE(text(base::read_all(*download, 100)) == "busy");
  REQUIRE(server.requests().size() == 6);
  // A PATCH may have been taken in part: its sender decides.
  REQUIRE(fixture.at(server).send(call_of("PATCH", "/v2/")).status == 503);
  REQUIRE(server.requests().size() == 7);
  REQUIRE(fixture.at(server).send(call_of("PUT", "/v2/")).status == 503);
  REQUIRE(server.requests().size() == 10);
}

TEST_CASE("Retry-After says when", "[registry]") {
  const auto waits = [](const std::string& value) {
    return FakeReply{.status = 429, .headers = {{"Retry-After", value}}};
  };
  HttpFixture fixture;
  for (const std::string value : {"0", "Sun, 22 Nov 2026 11:59:00 GMT", "Sun, 22 Nov 2026 12:00:00 GMT", "nonsense"}) {
    FakeServer server(in_turn({waits(value), {.body = "now"}}));
    REQUIRE(text(fixture.at(server).send(call_of("GET", "/v2/")).body) == "now");
  }
  for (const std::string value : {"301", "99999999999999999999999", "Sun, 22 Nov 2026 12:05:01 GMT"}) {
    FakeServer server(in_turn({waits(value)}));
    REQUIRE_ERROR(network, fixture.at(server).send(call_of("GET", "/v2/")));
    REQUIRE_ERROR(network, fixture.at(server).download(call_of("GET", "/v2/")));
    REQUIRE(server.requests().size() == 2);
  }
  FakeServer server(in_turn({waits("200")}));
  std::thread interrupting([&] { fixture.cancel.cancel(); });
  REQUIRE_ERROR(interrupted, fixture.at(server).send(call_of("GET", "/v2/")));
  interrupting.join();
}

TEST_CASE("an answer that is cut anywhere", "[registry]") {
  const FakeReply whole{.headers = {{"X-Name", "value"}}, .body = "a body of some bytes"};
  FakeServer probe(in_turn({whole}));
  HttpFixture fixture;
  REQUIRE(fixture.at(probe).send(call_of("GET", "/v2/")).status == 200);
  for (std::size_t length = 0; length < 90; ++length) {
    auto cut = whole;
    cut.cut_after = length;
    // Cut every time: never a shorter body than was announced.
    FakeServer always(in_turn({cut}));
    std::string got;
    const auto failure = test::error_of([&] { got = text(fixture.at(always).send(call_of("GET", "/v2/")).body); });
    REQUIRE((failure ? failure == base::ErrorCode::network : got == whole.body));
    REQUIRE(always.requests().size() == (failure ? 3 : 1));
    // Cut once: the next try has it.
    FakeServer once(in_turn({cut, whole}));
    REQUIRE(text(fixture.at(once).send(call_of("GET", "/v2/")).body) == whole.body);
    // A stream that was begun is not begun again.
    FakeServer streamed(in_turn({cut, whole}));
    const auto streamed_failure = test::error_of([&] {
      auto download = fixture.at(streamed).download(call_of("GET", "/v2/"));
      got = text(base::read_all(*download, 1000));
    });
    REQUIRE((streamed_failure ? streamed_failure == base::ErrorCode::network : got == whole.body));
  }
}

TEST_CASE("answers that are none", "[registry]") {
  HttpFixture fixture;
  const std::vector<std::string> odd{"",
                                     "\r\n\r\n",
                                     "SSH-2.0-OpenSSH\r\n",
                                     "HTTP/1.1\r\n\r\n",
                                     "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
                                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
                                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"};
  for (const auto& raw : odd) {
    FakeServer server(in_turn({{.raw = raw}}));
    INFO(raw);
    REQUIRE_ERROR(network, fixture.at(server).send(call_of("GET", "/v2/")));
  }
  FakeServer lying(in_turn({{.headers = {{"Content-Length", "100"}}, .body = "short", .close = true}}));
  REQUIRE_ERROR(network, fixture.at(lying).send(call_of("GET", "/v2/")));
  FakeServer longer(in_turn({{.headers = {{"Content-Length", "5"}}, .body = "longer than said", .close = true}}));
  REQUIRE(text(fixture.at(longer).send(call_of("GET", "/v2/")).body) == "longe");
}

TEST_CASE("heads and bodies are bounded", "[registry]") {
  HttpFixture fixture;
  FakeReply long_line{.headers = {{"X-Long", std::string(300'000, 'x')}}};
  FakeReply many_lines;
  for (int i = 0; i < 5000; ++i) many_lines.headers.emplace_back("X-" + std::to_string(i), std::string(80, 'x'));
  std::string interim;
  for (int i = 0; i < 20'000; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
  FakeReply endless{.raw = interim};
  for (const auto& reply : {long_line, many_lines, endless}) {
    FakeServer server(in_turn({reply}));
    REQUIRE_ERROR(limit_exceeded, fixture.at(server).send(call_of("GET", "/v2/")));
  }
  FakeServer server(in_turn({{.body = std::string(1001, 'x')}}));
  auto call = call_of("GET", "/v2/");
  call.limit = 1000;
  REQUIRE_ERROR(limit_exceeded, fixture.at(server).send(call));
  call.limit = 1001;
  REQUIRE(fixture.at(server).send(call).body.size() == 1001);
  FakeServer failing(in_turn({{.status = 404, .body = std::string(5 << 20, 'x')}}));
  auto download = fixture.at(failing).download(call_of("GET", "/v2/"));
  REQUIRE_ERROR(limit_exceeded, base::read_all(*download, 100 << 20));
}

TEST_CASE("silence ends the call", "[registry]") {
  auto settings = test::quick_settings();
  settings.retries = 0;
  HttpFixture fixture(settings);
  FakeServer silent(in_turn({{.silent = true}}));
  REQUIRE_ERROR(network, fixture.at(silent).send(call_of("GET", "/v2/")));
  FakeServer stuck(in_turn({{.body = std::string(1000, 'x'), .cut_after = 500, .then_silent = true}}));
  REQUIRE_ERROR(network, fixture.at(stuck).send(call_of("GET", "/v2/")));
  FakeServer deaf([](const FakeRequest&) { return FakeReply{}; },
                  [](const FakeRequest& head) -> std::optional<FakeReply> {
                    if (head.method != "PUT") return std::nullopt;
                    return FakeReply{.silent = true};
                  });
  auto upload = fixture.at(deaf).upload(call_of("PUT", "/v2/u"), 4);
  REQUIRE_ERROR(network, [&] {
    upload->write(base::as_bytes("body"));
    upload->take_reply();
  }());
}

TEST_CASE("a cancelled run ends every wait", "[registry]") {
  auto settings = test::quick_settings();
  settings.timeout = std::chrono::seconds(100);
  HttpFixture fixture(settings);
  FakeServer silent([&](const FakeRequest&) {
    fixture.cancel.cancel();
    return FakeReply{.silent = true};
  });
  REQUIRE_ERROR(interrupted, fixture.at(silent).send(call_of("GET", "/v2/")));
  REQUIRE_ERROR(interrupted, fixture.at(silent).download(call_of("GET", "/v2/")));
  REQUIRE(silent.requests().size() == 1);
}

TEST_CASE("a server that is not there", "[registry]") {
  HttpFixture fixture;
  std::string host;
  {
    const FakeServer gone(in_turn({{}}));
    host = gone.host();
  }
  REQUIRE_ERROR(network, fixture.network.registry(host).send(call_of("GET", "/v2/")));
}

TEST_CASE("many threads share a server", "[registry]") {
  FakeServer server([](const FakeRequest& request) { return FakeReply{.body = request.target}; });
  HttpFixture fixture;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        const auto target = "/v2/" + std::to_string(i * 100 + j);
        if (text(fixture.at(server).send(call_of("GET", target)).body) == target) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(good == 160);
  REQUIRE(server.connections() <= 8);
}

TEST_CASE("what a server complains of", "[registry]") {
  const auto reply = [](int status, const std::string& body, const std::string& type = "application/json") {
    registry::Reply made{.status = status, .headers = {}, .body = base::to_bytes(body), .url = {}};
    made.headers.add("Content-Type", type);
    return made;
  };
  const auto says = [](const registry::Reply& made, const std::string& what) {
    return registry::describe(made).find(what) != std::string::npos;
  };
  REQUIRE(says(reply(404, R"({"errors":[{"code":"NAME_UNKNOWN","message":"no such name","detail":{"a":1.5}}]})"),
               "404 NAME_UNKNOWN: no such name"));
  REQUIRE(says(reply(401, R"({"details":"incorrect password"})"), "incorrect password"));
  REQUIRE(says(reply(400, R"({"error":"invalid_grant","error_description":"expired"})"), "invalid_grant; expired"));
  REQUIRE(says(reply(404, "404 page not found\n", "text/plain; charset=utf-8"), "404 page not found"));
  REQUIRE(registry::describe(reply(502, "<html>secret</html>", "text/html")) == "502");
  REQUIRE(registry::describe(reply(500, R"({"errors":[5,{"code":7},null]})")) == "500");
  const auto leaking = reply(500, R"({"message":"at http://h/u?_state=SECRET and )" + std::string(200, 'T') + "\"}");
  REQUIRE_FALSE(says(leaking, "SECRET"));
  REQUIRE_FALSE(says(leaking, std::string(100, 'T')));
  REQUIRE_FALSE(says(reply(500, "{\"message\":\"\\u001b[31m red\"}"), "\x1b"));
  std::string many;
  for (int i = 0; i < 500; ++i) many += "w\u00f6rd ";
  REQUIRE(registry::describe(reply(500, R"({"message":")" + many + "\"}")).size() < 320);

  REQUIRE_ERROR(unauthorized, registry::refuse(reply(401, ""), "x"));
  REQUIRE_ERROR(unauthorized, registry::refuse(reply(403, ""), "x"));
  REQUIRE_ERROR(not_found, registry::refuse(reply(404, ""), "x"));
  REQUIRE_ERROR(network, registry::refuse(reply(500, ""), "x"));
}
