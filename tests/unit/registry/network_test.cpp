// Network: names of servers, proxies, URLs.
#include "gapstow/registry/network.h"

#include <catch2/catch.hpp>

#include "../../../src/registry/proxies.h"
#include "../../../src/registry/scopes.h"
#include "../../../src/registry/url.h"
#include "support/environment.h"
#include "support/error_of.h"
#include "support/fake_server.h"
#include "support/http_fixture.h"
#include "support/temp_folder.h"

using namespace gapstow;
using registry::parse_url;
using registry::Proxies;
using test::call_of;
using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using test::HttpFixture;

namespace {

std::string chosen(const std::string& exceptions, const std::string& url) {
  return Proxies("http://proxy:1", "http://proxy:2", exceptions).choose(parse_url(url));
}

}  // namespace

TEST_CASE("servers are the same for the same name", "[registry]") {
  HttpFixture fixture;
  auto& one = fixture.network.registry("localhost:5000");
  REQUIRE(&one == &fixture.network.registry("localhost:5000"));
  REQUIRE(one.host() == "localhost:5000");
  REQUIRE(fixture.network.registry("docker.io").host() == "docker.io");
  REQUIRE(fixture.network.server("https://notary.example:4443", "docker.io").host() == "notary.example:4443");
  REQUIRE(fixture.network.settings().plain_http);
}

TEST_CASE("names that are no servers", "[registry]") {
  HttpFixture fixture;
  for (const std::string host : {"", "a b", "a/b", "user@host", "host:port", "host:99999", "host?x", "\x01"}) {
    INFO(host);
    REQUIRE_ERROR(malformed, fixture.network.registry(host));
  }
  REQUIRE_ERROR(usage, fixture.network.server("https://notary.example/path", ""));
  REQUIRE_ERROR(malformed, fixture.network.server("notary.example", ""));
  REQUIRE_ERROR(malformed, fixture.network.server("ftp://notary.example", ""));
  auto settings = test::quick_settings();
  settings.plain_http = false;
  HttpFixture safe(settings);
  REQUIRE_ERROR(usage, safe.network.server("http://notary.example", ""));
}

TEST_CASE("TLS is spoken unless plain http is wanted", "[registry]") {
  auto settings = test::quick_settings();
  settings.plain_http = false;
  settings.retries = 0;
  HttpFixture fixture(settings);
  FakeServer server([](const FakeRequest&) { return FakeReply{}; });
  REQUIRE_ERROR(network, fixture.at(server).send(call_of("GET", "/v2/")));
  REQUIRE(server.requests().empty());
}

TEST_CASE("files for TLS", "[registry]") {
  const test::TempFolder folder;
  FakeServer server([](const FakeRequest&) { return FakeReply{}; });
  const auto with = [&](auto change) {
    auto settings = test::quick_settings();
    settings.plain_http = false;
    change(settings);
    HttpFixture fixture(settings);
    fixture.at(server).send(call_of("GET", "/v2/"));
  };
  REQUIRE_ERROR(not_found, with([&](auto& settings) { settings.ca_file = folder / "missing"; }));
  REQUIRE_ERROR(not_found, with([&](auto& settings) { settings.cert_file = folder / "missing"; }));
  base::SystemFs().create(folder / "odd", 0600)->write_at(0, base::as_bytes("not PEM"));
  REQUIRE_ERROR(malformed, with([&](auto& settings) { settings.ca_file = folder / "odd"; }));
}

TEST_CASE("which proxy leads where", "[registry]") {
  REQUIRE(chosen("", "http://a.example/") == "http://proxy:1");
  REQUIRE(chosen("", "https://a.example/") == "http://proxy:2");
  for (const auto* url :
       {"http://localhost:5000/", "http://127.0.0.1/", "https://127.3.4.5:8443/", "http://[::1]:80/"}) {
    REQUIRE(chosen("", url).empty());
  }
  struct Row {
    const char* exceptions;
    const char* url;
    bool direct;
  };
  const std::vector<Row> rows{
      {"*", "http://a.example/", true},
      {"a.example", "http://a.example/", true},
      {" other , A.Example ", "http://a.example/", true},
      {"a.example", "http://sub.a.example/", true},
      {"a.example", "http://nota.example/", false},
      {".a.example", "http://sub.a.example/", true},
      {".a.example", "http://a.example/", false},
      {"*.a.example", "http://sub.a.example/", true},
      {"a.example:80", "http://a.example/", true},
      {"a.example:81", "http://a.example/", false},
      {"10.1.2.3", "http://10.1.2.3/", true},
      {"10.1.2.3:5000", "http://10.1.2.3:5000/", true},
      {"10.1.2.3:5000", "http://10.1.2.3/", false},
      {"10.0.0.0/8", "http://10.1.2.3/", true},
      {"10.0.0.0/8", "http://11.1.2.3/", false},
      {"10.1.2.0/23", "http://10.1.3.255/", true},
      {"10.1.2.0/23", "http://10.1.4.0/", false},
      {"10.0.0.0/99", "http://10.1.2.3/", false},
      {"2001:db8::1", "http://[2001:db8:0::1]/", true},
      {"[2001:db8::1]:5000", "http://[2001:db8::1]:5000/", true},
      {"2001:db8::/32", "http://[2001:db8:1::5]/", true},
      {"", "http://a.example/", false},
  };
  for (const auto& row : rows) {
    INFO(row.exceptions << " " << row.url);
    REQUIRE(chosen(row.exceptions, row.url).empty() == row.direct);
  }
  for (const auto* odd : {"ftp://proxy", "http://", "http://a b", "://"}) {
    INFO(odd);
    REQUIRE_ERROR(usage, Proxies(odd, odd, "").choose(parse_url("http://a.example/")));
  }
  REQUIRE(Proxies("proxy:3128", "", "").choose(parse_url("http://a.example/")) == "http://proxy:3128");
}

TEST_CASE("requests go through the proxy of the environment", "[registry]") {
  FakeServer proxy([](const FakeRequest& request) { return FakeReply{.body = request.target}; });
  FakeServer direct([](const FakeRequest&) { return FakeReply{.body = "direct"}; });
  test::Environment environment;
  for (const auto* name : {"https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "ALL_PROXY", "all_proxy"}) {
    environment.unset(name);
  }
  environment.set("HTTP_PROXY", "http://127.0.0.1:1");
  environment.set("http_proxy", proxy.url());
  HttpFixture fixture;
  const auto reply = fixture.network.registry("registry.example").send(call_of("GET", "/v2/?a=b"));
  REQUIRE(base::as_text(reply.body) == "http://registry.example/v2/?a=b");
  REQUIRE(base::as_text(fixture.at(direct).send(call_of("GET", "/v2/")).body) == "direct");
  REQUIRE(proxy.requests().size() == 1);
  environment.set("http_proxy", "nonsense://x");
  HttpFixture odd;
  REQUIRE_ERROR(usage, odd.network.registry("registry.example").send(call_of("GET", "/v2/")));
}

TEST_CASE("a proxy that refuses a tunnel is an outage, not an answer", "[registry]") {
  FakeServer proxy([](const FakeRequest&) {
    return FakeReply{.status = 407, .headers = {{"Proxy-Authenticate", "Basic realm=\"p\""}}, .body = "no"};
  });
  test::Environment environment;
  environment.unset("HTTPS_PROXY");
  environment.unset("no_proxy");
  environment.unset("NO_PROXY");
  environment.set("https_proxy", proxy.url());
  auto settings = test::quick_settings();
  settings.plain_http = false;
  settings.retries = 0;
  settings.credentials = "me:s3cret";
  HttpFixture fixture(settings);
  REQUIRE_ERROR(network, fixture.network.registry("registry.example").send(call_of("GET", "/v2/")));
  REQUIRE(proxy.lines() == std::vector<std::string>{"CONNECT registry.example:443"});
  REQUIRE_FALSE(proxy.requests()[0].headers.find("Authorization"));
}

TEST_CASE("URLs in parts", "[registry]") {
  const auto url = parse_url("HTTPS://Reg.Example:443/v2/a?b=c#d");
  REQUIRE(url.origin() == "https://reg.example");
  REQUIRE(url.authority() == "reg.example");
  REQUIRE(url.text() == "https://reg.example/v2/a?b=c");
  REQUIRE(url.shown() == "https://reg.example/v2/a");
  REQUIRE(parse_url("http://[::1]:5000").text() == "http://[::1]:5000/");
  REQUIRE(same_origin(url, parse_url("https://reg.example:443/x")));
  REQUIRE_FALSE(same_origin(url, parse_url("http://reg.example/")));
  REQUIRE_FALSE(same_origin(url, parse_url("https://reg.example:444/")));
  REQUIRE_FALSE(same_origin(url, parse_url("https://reg.example.evil/")));
  const auto resolved = [&](const std::string& reference) { return resolve_url(url, reference).text(); };
  REQUIRE(resolved("/x?y") == "https://reg.example/x?y");
  REQUIRE(resolved("x") == "https://reg.example/v2/x");
  REQUIRE(resolved("?n=2") == "https://reg.example/v2/a?n=2");
  REQUIRE(resolved("//other.example/x") == "https://other.example/x");
  REQUIRE(resolved("http://other.example:80") == "http://other.example/");
  for (const std::string odd : {"", "x", "/x", "http://", "http:///x", "ftp://a/", "javascript:x", "http://u:p@a/",
                                "http://u@a/", "http://a b/", "http://a/\r\nX: y", "http://a:0/", "http://a:65536/",
                                "http://a\\@b/", "http://[::1/", "file:///etc/passwd"}) {
    INFO(odd);
    REQUIRE_ERROR(malformed, parse_url(odd));
  }
  REQUIRE_ERROR(malformed, resolve_url(url, "//user:secret@other.example/"));
  REQUIRE_ERROR(malformed, parse_url("http://a/" + std::string(registry::kMaxUrlBytes, 'x')));
}

TEST_CASE("scopes are joined", "[registry]") {
  using List = std::vector<std::string>;
  REQUIRE(registry::union_of_scopes("repository:a:pull", "repository:a:push,pull repository:b:pull") ==
          List{"repository:a:pull,push", "repository:b:pull"});
  REQUIRE(registry::union_of_scopes("", "").empty());
  REQUIRE(registry::union_of_scopes("registry:catalog:*", " ") == List{"registry:catalog:*"});
  REQUIRE(registry::repository_of_scope("repository:host:5000/a/b:pull,push repository:c:pull") == "host:5000/a/b");
  REQUIRE(registry::repository_of_scope("registry:catalog:*").empty());
  REQUIRE(registry::repository_of_scope("repository:").empty());
  std::string many;
  for (int i = 0; i < 100; ++i) many += "repository:r" + std::to_string(i) + ":pull ";
  REQUIRE_ERROR(limit_exceeded, registry::union_of_scopes(many, ""));
}
