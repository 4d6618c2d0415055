// Server: exchanges, redirects, retries, challenges, uploads, against a server that misbehaves.
#include "gapstow/registry/server.h"

#include <catch2/catch.hpp>

#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/base/time.h"
#include "gapstow/registry/network.h"
#include "support/error_of.h"
#include "support/fake_server.h"

using namespace gapstow;
using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;

namespace {

struct Fixture {
  explicit Fixture(registry::Settings settings = {}) : network(quick(std::move(settings)), fs, clock, cancel) {}

  static registry::Settings quick(registry::Settings settings) {
    settings.plain_http = true;
    settings.timeout = std::chrono::seconds(1);
    settings.first_pause = std::chrono::milliseconds(1);
    settings.auth_file = "/dev/null";
    settings.retries = 2;
    return settings;
  }

  base::SystemFs fs;
  base::SystemClock clock;
  base::CancelToken cancel;
  registry::Network network;
};

registry::Call get(const std::string& target) {
  registry::Call call;
  call.target = target;
  return call;
}

}  // namespace

TEST_CASE("a whole exchange", "[registry]") {
  FakeServer server([](const FakeRequest& request) {
    return FakeReply{.status = 200, .headers = {{"X-Said", "hello"}}, .body = request.method + " " + request.target};
  });
  Fixture fixture;
  auto& registry = fixture.network.registry(server.host());
  const auto reply = registry.send(get("/v2/a?n=1"));
  REQUIRE(reply.status == 200);
  REQUIRE(reply.headers.find("x-said") == "hello");
  REQUIRE(base::as_text(reply.body) == "GET /v2/a?n=1");
  registry::Call post;
  post.method = "POST";
  post.target = "/v2/b";
  post.body = base::to_bytes("body");
  REQUIRE(base::as_text(registry.send(post).body) == "POST /v2/b");
  REQUIRE(server.requests().back().body == "body");
  REQUIRE(server.connections() == 1);
}

TEST_CASE("a download as a stream", "[registry]") {
  const std::string body(3'000'000, 'x');
  FakeServer server([&](const FakeRequest&) { return FakeReply{.body = body}; });
  Fixture fixture;
  auto download = fixture.network.registry(server.host()).download(get("/v2/blob"));
  REQUIRE(download->reply().status == 200);
  REQUIRE(base::as_text(base::read_all(*download, 4'000'000)) == body);
}

TEST_CASE("an upload as it is written", "[registry]") {
  FakeServer server([](const FakeRequest&) { return FakeReply{.status = 201}; });
  Fixture fixture;
  registry::Call call;
  call.method = "PUT";
  call.target = "/v2/a/blobs/uploads/1";
  const std::string part(700'000, 'y');
  auto upload = fixture.network.registry(server.host()).upload(call, 4 * part.size());
  for (int i = 0; i < 4; ++i) REQUIRE(upload->write(base::as_bytes(part)));
  REQUIRE(upload->take_reply().status == 201);
  REQUIRE(server.requests().back().body == part + part + part + part);
  REQUIRE(server.lines() == std::vector<std::string>{"GET /v2/", "PUT /v2/a/blobs/uploads/1"});
}
