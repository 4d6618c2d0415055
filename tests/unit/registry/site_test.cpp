// Files of TUF repositories from folders and URLs.
#include "gapstow/registry/site.h"

#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "support/error_of.h"
#include "support/http_fixture.h"
#include "support/temp_folder.h"

namespace gapstow::test {
namespace {

std::optional<std::string> text_of(registry::Site& site, const std::string& path) {
  const auto source = site.open(path);
  if (!source) return std::nullopt;
  return std::string(base::as_text(base::read_all(*source, 1000)));
}

/// Nothing is allowed but what the URL says itself.
registry::Settings careful_settings() {
  auto settings = quick_settings();
  settings.plain_http = false;
  settings.auth_file.clear();
  settings.credentials = "user:secret";
  return settings;
}

}  // namespace

TEST_CASE("a folder gives files under encoded and under plain names, and nothing from elsewhere") {
  base::SystemFs fs;
  TempFolder folder;
  fs.make_folder(folder / "site", 0755);
  fs.make_folder(folder / "site/targets", 0755);
  base::write_file(fs, folder / "site/1.a%2Fb.json", base::as_bytes("encoded"));
  base::write_file(fs, folder / "site/1.a b.json", base::as_bytes("plain"));
  base::write_file(fs, folder / "site/targets/x", base::as_bytes("target"));
  base::write_file(fs, folder / "secret", base::as_bytes("secret"));
  for (const auto& place : {folder / "site", "file://" + (folder / "site")}) {
    const auto site = registry::open_site(fs, nullptr, place);
    CHECK(text_of(*site, "1.a%2Fb.json") == "encoded");
    CHECK(text_of(*site, "1.a%20b.json") == "plain");
    CHECK(text_of(*site, "targets/x") == "target");
    CHECK(text_of(*site->below("targets"), "x") == "target");
    CHECK_FALSE(text_of(*site, "missing"));
    CHECK_FALSE(text_of(*site, "targets"));
    CHECK_FALSE(text_of(*site, "%2e%2e%2fsecret"));
    CHECK_FALSE(text_of(*site, "%2e%2e/secret"));
    CHECK_FALSE(text_of(*site, "x%00"));
    for (const auto* path : {"../secret", "targets/../../secret", "/etc/passwd", "", "targets//x", "./x"}) {
      CAPTURE(path);
      REQUIRE_ERROR(malformed, site->open(path));
    }
  }
}

TEST_CASE("a URL gives files below its path; what is not there is nothing, a failure is one") {
  FakeServer server([](const FakeRequest& request) -> FakeReply {
    if (request.path() == "/tuf/repo/timestamp.json") return {.body = "yes"};
    if (request.path() == "/tuf/repo/broken.json") return {.status = 418, .body = "no"};
    return {.status = request.path().ends_with("s3.json") ? 403 : 404, .body = "no"};
  });
  HttpFixture fixture;
  base::SystemFs fs;
  for (const auto* end : {"", "/"}) {
    const auto site = registry::open_site(fs, &fixture.network, server.url() + "/tuf/repo" + end);
    CHECK(text_of(*site, "timestamp.json") == "yes");
    CHECK_FALSE(text_of(*site, "missing.json"));
    CHECK_FALSE(text_of(*site, "s3.json"));
    REQUIRE_ERROR(network, site->open("broken.json"));
  }
  const auto above = registry::open_site(fs, &fixture.network, server.url());
  CHECK(text_of(*above->below("tuf/repo"), "timestamp.json") == "yes");
  REQUIRE_ERROR(usage, registry::open_site(fs, &fixture.network, server.url() + "/tuf?x=1"));
  REQUIRE_ERROR(usage, registry::open_site(fs, nullptr, server.url()));
}

TEST_CASE("where the URL says http, files are fetched without TLS and no credentials go there") {
  FakeServer server([](const FakeRequest& request) -> FakeReply {
    if (request.path() == "/open") return {.body = "yes"};
    return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"x\""}}, .body = "no"};
  });
  HttpFixture fixture(careful_settings());
  base::SystemFs fs;
  const auto site = registry::open_site(fs, &fixture.network, server.url());
  CHECK(text_of(*site, "open") == "yes");
  REQUIRE_ERROR(unauthorized, site->open("closed"));
  for (const auto& request : server.requests()) CHECK(request.header("Authorization").empty());
  REQUIRE_ERROR(usage, fixture.network.server(server.url(), ""));
}

TEST_CASE("more than the limit is not read") {
  FakeServer server([](const FakeRequest&) -> FakeReply { return {.body = std::string(1000, 'x')}; });
  HttpFixture fixture;
  base::SystemFs fs;
  const auto site = registry::open_site(fs, &fixture.network, server.url());
  registry::SiteFetcher fetcher(*site);
  CHECK(fetcher.fetch("a", 1000));
  REQUIRE_ERROR(limit_exceeded, fetcher.fetch("a", 999));
}

TEST_CASE("a target's path keeps its slashes and nothing else that means something") {
  CHECK(registry::encoded_path("a/b c?d#e%f") == "a/b%20c%3Fd%23e%25f");
}

}  // namespace gapstow::test
