// Server: challenges, tokens, and where credentials go - and where not.
#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "gapstow/base/stream.h"
#include "gapstow/registry/server.h"
#include "support/error_of.h"
#include "support/fake_server.h"
#include "support/http_fixture.h"
#include "support/temp_folder.h"

using namespace gapstow;
using test::call_of;
using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using test::HttpFixture;

namespace {

std::string basic(const std::string& pair) { return "Basic " + base::base64(base::as_bytes(pair)); }

registry::Settings with_credentials(const std::string& pair = "me:s3cret") {
  auto settings = test::quick_settings();
  settings.credentials = pair;
  return settings;
}

/// A registry that takes only its own newest token, and the token server that makes them: "t1", "t2", …
struct TokenWorld {
  int made = 0;
  std::string valid;  // the token that the registry takes
  std::string scope = "repository:a:pull";
  std::string more_members;  // of the token server's answer
  int token_status = 200;
  int get_status = 200;  // of the token server for GET
  FakeServer tokens{[this](const FakeRequest& request) { return make_token(request); }};
  FakeServer server{[this](const FakeRequest& request) { return answer(request); }};

  FakeReply make_token(const FakeRequest& request) {
    if (token_status != 200) return {.status = token_status, .body = R"({"details":"no"})"};
    if (request.method == "GET" && get_status != 200) return {.status = get_status};
    valid = "t" + std::to_string(++made);
    return {.body = R"({"token":")" + valid + "\"" + more_members + "}"};
  }

  FakeReply challenge() const {
    return {.status = 401,
            .headers = {{"WWW-Authenticate", "Bearer realm=\"" + tokens.url() + "/token\",service=\"the registry\"" +
                                                 (scope.empty() ? "" : ",scope=\"" + scope + "\"")}},
            .body = R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]})"};
  }

  FakeReply answer(const FakeRequest& request) const {
    if (valid.empty() || request.header("Authorization") != "Bearer " + valid) return challenge();
    return {.body = "welcome"};
  }
};

FakeReply wants_basic() { return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"r\""}}}; }

}  // namespace

TEST_CASE("Basic is answered, then sent unasked", "[registry]") {
  FakeServer server([](const FakeRequest& request) {
    return request.header("Authorization") == basic("me:s3cret") ? FakeReply{} : wants_basic();
  });
  HttpFixture fixture(with_credentials());
  REQUIRE(fixture.at(server).send(call_of("GET", "/v2/")).status == 200);
  REQUIRE(fixture.at(server).send(call_of("GET", "/v2/a")).status == 200);
  REQUIRE(server.lines() == std::vector<std::string>{"GET /v2/", "GET /v2/", "GET /v2/a"});
  REQUIRE_FALSE(server.requests()[0].headers.find("Authorization"));

  HttpFixture wrong(with_credentials("me:other"));
  REQUIRE_ERROR(unauthorized, wrong.at(server).send(call_of("GET", "/v2/")));
  HttpFixture anonymous;
  REQUIRE_ERROR(unauthorized, anonymous.at(server).send(call_of("GET", "/v2/")));
  REQUIRE_ERROR(unauthorized, anonymous.at(server).download(call_of("GET", "/v2/")));
}

TEST_CASE("a password may hold colons, and --creds must hold one", "[registry]") {
  FakeServer server([](const FakeRequest& request) {
    return request.header("Authorization") == basic("me:a:b") ? FakeReply{} : wants_basic();
  });
  HttpFixture fixture(with_credentials("me:a:b"));
  REQUIRE(fixture.at(server).send(call_of("GET", "/v2/")).status == 200);
  for (const std::string text : {"me", ":secret"}) {
    HttpFixture odd(with_credentials(text));
    REQUIRE_ERROR(usage, odd.at(server).send(call_of("GET", "/v2/")));
  }
}

TEST_CASE("a token is asked for by GET and used again", "[registry]") {
  TokenWorld world;
  HttpFixture fixture(with_credentials());
  auto& server = fixture.at(world.server);
  REQUIRE(server.send(call_of("GET", "/v2/a/tags/list", "repository:a:pull,push")).status == 200);
  REQUIRE(server.send(call_of("GET", "/v2/a/tags/list", "repository:a:pull,push")).status == 200);
  REQUIRE(world.server.requests().size() == 3);
  REQUIRE(world.tokens.lines() ==
          std::vector<std::string>{"GET /token?service=the%20registry&scope=repository%3Aa%3Apull%2Cpush&account=me"});
  REQUIRE(world.tokens.requests()[0].header("Authorization") == basic("me:s3cret"));
  // Another scope needs another token; it is asked for before the registry has to say so.
  REQUIRE(server.send(call_of("GET", "/v2/b", "repository:b:pull repository:c:pull")).status == 200);
  REQUIRE(world.server.requests().size() == 4);
  REQUIRE(world.tokens.lines().back() ==
          "GET /token?service=the%20registry&scope=repository%3Ab%3Apull&scope=repository%3Ac%3Apull&account=me");
}

TEST_CASE("a token without credentials", "[registry]") {
  TokenWorld world;
  world.scope.clear();
  HttpFixture fixture;
  REQUIRE(fixture.at(world.server).send(call_of("GET", "/v2/")).status == 200);
  REQUIRE(world.tokens.lines() == std::vector<std::string>{"GET /token?service=the%20registry"});
  REQUIRE_FALSE(world.tokens.requests()[0].headers.find("Authorization"));
}

TEST_CASE("a token that has run out is asked for once more", "[registry]") {
  TokenWorld world;
  HttpFixture fixture(with_credentials());
  auto& server = fixture.at(world.server);
  REQUIRE(server.send(call_of("GET", "/v2/a", "repository:a:pull")).status == 200);
  world.valid = "another";  // the registry has forgotten
  REQUIRE(server.send(call_of("GET", "/v2/a", "repository:a:pull")).status == 200);
  REQUIRE(world.made == 2);
  // A registry that takes no token at all ends the call.
  FakeServer stubborn([&](const FakeRequest&) { return world.challenge(); });
  REQUIRE_ERROR(unauthorized, fixture.at(stubborn).send(call_of("GET", "/v2/a", "repository:a:pull")));
  REQUIRE(stubborn.requests().size() == 2);
}

TEST_CASE("an identity token is exchanged by POST", "[registry]") {
  TokenWorld world;
  const test::TempFolder folder;
  base::SystemFs fs;
  const std::string text = R"({"auths":{")" + world.server.host() + R"(":{"auth":")" +
                           base::base64(base::as_bytes("<token>:")) + R"(","identitytoken":"id+en"}}})";
  fs.create(folder / "auth.json", 0600)->write_at(0, base::as_bytes(text));
  auto settings = test::quick_settings();
  settings.auth_file = folder / "auth.json";
  HttpFixture fixture(settings);
  REQUIRE(fixture.at(world.server).send(call_of("GET", "/v2/a", "repository:a:pull")).status == 200);
  const auto request = world.tokens.requests().at(0);
  REQUIRE(request.method == "POST");
  REQUIRE(request.header("Content-Type") == "application/x-www-form-urlencoded");
  REQUIRE(request.body ==
          "grant_type=refresh_token&refresh_token=id%2Ben&service=the%20registry&scope=repository%3Aa%3Apull&client_id="
          "gapstow");
}

TEST_CASE("a token server that knows only POST", "[registry]") {
  TokenWorld world;
  world.get_status = GENERATE(404, 405);
  HttpFixture fixture(with_credentials("me:p&w"));
  REQUIRE(fixture.at(world.server).send(call_of("GET", "/v2/a", "repository:a:pull")).status == 200);
  REQUIRE(world.tokens.requests().back().body ==
          "grant_type=password&username=me&password=p%26w&service=the%20registry&scope=repository%3Aa%3Apull&client_id="
          "gapstow");
}

TEST_CASE("token servers that fail", "[registry]") {
  TokenWorld world;
  HttpFixture fixture(with_credentials());
  const auto call = [&] { fixture.at(world.server).send(call_of("GET", "/v2/a", "repository:a:pull")); };
  for (const int status : {400, 401, 403}) {
    world.token_status = status;
    REQUIRE_ERROR(unauthorized, call());
  }
  world.token_status = 503;
  const auto before = world.tokens.requests().size();
  REQUIRE_ERROR(network, call());
  REQUIRE(world.tokens.requests().size() == before + 3);  // tries do not multiply
  std::string body;
  FakeServer odd([&](const FakeRequest&) { return FakeReply{.body = body}; });
  FakeServer server([&](const FakeRequest&) {
    return FakeReply{.status = 401, .headers = {{"WWW-Authenticate", "Bearer realm=\"" + odd.url() + "\""}}};
  });
  for (const std::string text : {"", "{}", "[]", "nonsense", R"({"token":5})", R"({"token":""})", R"({"token":"a b"})",
                                 R"({"token":"a\r\nX: y"})", R"({"token":"a","token":"b"})"}) {
    body = text;
    INFO(text);
    REQUIRE_ERROR(malformed, fixture.at(server).send(call_of("GET", "/v2/")));
  }
  body = R"({"token":")" + std::string(2 << 20, 'x') + "\"}";
  REQUIRE_ERROR(limit_exceeded, fixture.at(server).send(call_of("GET", "/v2/")));
}

TEST_CASE("members of a token that are unknown or odd", "[registry]") {
  TokenWorld world;
  world.more_members = GENERATE(R"(,"expires_in":300,"issued_at":"2026-01-01T00:00:00Z","x":{"y":1.5})",
                                R"(,"expires_in":-1)", R"(,"expires_in":"soon","access_token":"other")");
  HttpFixture fixture(with_credentials());
  for (int i = 0; i < 2; ++i) {
    REQUIRE(fixture.at(world.server).send(call_of("GET", "/v2/a", "repository:a:pull")).status == 200);
  }
  REQUIRE(world.made == 1);
}

TEST_CASE("challenges that cannot be met", "[registry]") {
  std::vector<std::pair<std::string, std::string>> headers;
  FakeServer server([&](const FakeRequest&) { return FakeReply{.status = 401, .headers = headers}; });
  HttpFixture fixture(with_credentials());
  const auto call = [&] { fixture.at(server).send(call_of("GET", "/v2/")); };
  REQUIRE_ERROR(unauthorized, call());
  headers = {{"WWW-Authenticate", "Negotiate"}};
  REQUIRE_ERROR(unauthorized, call());
  headers = {{"WWW-Authenticate", "Bearer service=\"x\""}};
  REQUIRE_ERROR(unauthorized, call());
  headers = {{"WWW-Authenticate", "Bearer realm=\"file:///etc/passwd\""}};
  REQUIRE_ERROR(malformed, call());
  headers = {{"WWW-Authenticate", "Bearer realm=\"open"}};
  REQUIRE_ERROR(malformed, call());
  for (const auto& request : server.requests()) REQUIRE_FALSE(request.headers.find("Authorization"));
}

TEST_CASE("Bearer is taken before Basic", "[registry]") {
  TokenWorld world;
  FakeServer both([&](const FakeRequest& request) {
    auto reply = world.answer(request);
    if (reply.status == 401) reply.headers.insert(reply.headers.begin(), {"WWW-Authenticate", "Basic realm=\"r\""});
    return reply;
  });
  HttpFixture fixture(with_credentials());
  REQUIRE(fixture.at(both).send(call_of("GET", "/v2/", "repository:a:pull")).status == 200);
  REQUIRE(world.made == 1);
}

TEST_CASE("an upload has its token before its first byte", "[registry]") {
  TokenWorld world;
  HttpFixture fixture(with_credentials());
  auto& server = fixture.at(world.server);
  const auto send = [&](const std::string& target) {
    auto upload = server.upload(call_of("PUT", target, "repository:a:pull,push"), 4);
    REQUIRE(upload->write(base::as_bytes("body")));
    return upload->take_reply().status;
  };
  REQUIRE(send("/v2/a/u/1") == 200);
  REQUIRE(world.server.lines() == std::vector<std::string>{"GET /v2/", "GET /v2/", "PUT /v2/a/u/1"});
  REQUIRE(send("/v2/a/u/2") == 200);
  REQUIRE(world.made == 1);
  // A token that the registry forgot meanwhile: the sender sees it, and the next try has a new one.
  world.valid = "another";
  auto upload = server.upload(call_of("PUT", "/v2/a/u/3", "repository:a:pull,push"), 4);
  upload->write(base::as_bytes("body"));
  REQUIRE(upload->take_reply().status == 401);
  REQUIRE(send("/v2/a/u/3") == 200);
}

TEST_CASE("credentials go nowhere else", "[registry]") {
  FakeServer store([](const FakeRequest& request) {
    return request.path() == "/closed" ? wants_basic() : FakeReply{.body = "blob"};
  });
  FakeServer server([&](const FakeRequest& request) -> FakeReply {
    if (request.header("Authorization") != basic("me:s3cret")) return wants_basic();
    if (request.path() == "/v2/here") return {.status = 302, .headers = {{"Location", "/v2/end"}}};
    if (request.path() == "/v2/end") return {.body = "end"};
    return {.status = 307, .headers = {{"Location", store.url() + request.path().substr(3)}}};
  });
  HttpFixture fixture(with_credentials());
  auto& registry = fixture.at(server);
  REQUIRE(base::as_text(registry.send(call_of("GET", "/v2/here")).body) == "end");
  REQUIRE(base::as_text(registry.send(call_of("GET", "/v2/blob")).body) == "blob");
  REQUIRE(base::as_text(base::read_all(*registry.download(call_of("GET", "/v2/blob")), 100)) == "blob");
  REQUIRE_ERROR(unauthorized, registry.send(call_of("GET", "/v2/closed")));
  // A URL of another server that this one has named.
  REQUIRE(registry.send(call_of("GET", store.url() + "/open")).status == 200);
  REQUIRE_ERROR(unauthorized, registry.send(call_of("PUT", store.url() + "/closed")));
  auto upload = registry.upload(call_of("PUT", store.url() + "/open"), 1);
  upload->write(base::as_bytes("x"));
  REQUIRE(upload->take_reply().status == 200);
  REQUIRE(store.requests().size() == 6);
  for (const auto& request : store.requests()) REQUIRE_FALSE(request.headers.find("Authorization"));
  // An own URL in full is an own URL.
  REQUIRE(registry.send(call_of("GET", server.url() + "/v2/end")).status == 200);
}

TEST_CASE("another server cannot send credentials back", "[registry]") {
  std::string home;
  FakeServer other(
      [&](const FakeRequest&) { return FakeReply{.status = 307, .headers = {{"Location", home + "/v2/private"}}}; });
  FakeServer server([&](const FakeRequest& request) -> FakeReply {
    if (request.header("Authorization") != basic("me:s3cret")) return wants_basic();
    if (request.path() == "/v2/private") return {.body = "private"};
    return {.status = 307, .headers = {{"Location", other.url()}}};
  });
  home = server.url();
  HttpFixture fixture(with_credentials());
  REQUIRE_ERROR(unauthorized, fixture.at(server).send(call_of("GET", "/v2/blob")));
  REQUIRE_FALSE(server.requests().back().headers.find("Authorization"));
}

TEST_CASE("a Notary server may use the registry's credentials", "[registry]") {
  const test::TempFolder folder;
  base::SystemFs fs;
  FakeServer server([](const FakeRequest& request) {
    return request.header("Authorization") == basic("me:s3cret") ? FakeReply{} : wants_basic();
  });
  const auto pair = base::base64(base::as_bytes("me:s3cret"));
  fs.create(folder / "a.json", 0600)
      ->write_at(0, base::as_bytes(R"({"auths":{"reg.example/team":{"auth":")" + pair + R"("}}})"));
  auto settings = test::quick_settings();
  settings.auth_file = folder / "a.json";
  HttpFixture fixture(settings);
  auto& notary = fixture.network.server(server.url(), "reg.example");
  REQUIRE(notary.send(call_of("GET", "/v2/x", "repository:reg.example/team/app:pull")).status == 200);
  REQUIRE_ERROR(unauthorized, notary.send(call_of("GET", "/v2/x", "repository:reg.example/other:pull")));
  auto& alone = fixture.network.server(server.url(), "");
  REQUIRE_ERROR(unauthorized, alone.send(call_of("GET", "/v2/x", "repository:reg.example/team/app:pull")));
}

TEST_CASE("messages hold no secrets", "[registry]") {
  TokenWorld world;
  HttpFixture fixture(with_credentials());
  FakeServer stubborn([&](const FakeRequest&) { return world.challenge(); });
  const auto said = [&](const std::string& target) {
    try {
      fixture.at(stubborn).send(call_of("GET", target, "repository:a:pull"));
    } catch (const base::Error& error) {
      return error.line() + error.hint();
    }
    return std::string();
  };
  world.token_status = 401;
  auto text = said("/v2/?_state=capability");
  world.token_status = 200;
  text += said("/v2/?_state=capability");
  FakeServer cutting([](const FakeRequest&) { return FakeReply{.cut_after = 3}; });
  try {
    fixture.at(cutting).send(call_of("GET", "/v2/?_state=capability"));
  } catch (const base::Error& error) {
    text += error.line() + error.hint();
  }
  REQUIRE(text.size() > 100);
  for (const std::string secret : {"s3cret", "capability", "t1", "bWU6"}) {
    INFO(text);
    REQUIRE(text.find(secret) == std::string::npos);
  }
}
