// Reading chains over HTTP, from servers that misbehave.
#include <catch2/catch.hpp>
#include <map>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"
#include "gapstow/registry/network.h"
#include "gapstow/registry/notary.h"
#include "gapstow/tuf/dialect.h"
#include "support/error_of.h"
#include "support/fake_server.h"
#include "support/tuf_samples.h"

namespace gapstow::registry {
namespace {

using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;

const std::string kFolder = "/v2/" + test::kSampleGun + "/_trust/tuf/";

std::string text_of(const base::Bytes& bytes) { return std::string(base::as_text(bytes)); }

/// The targets and bodies that a Notary server answers for a chain.
std::map<std::string, std::string> served(const tuf::ChainFiles& files) {
  std::map<std::string, std::string> all;
  const auto put = [&](const std::string& role, const base::Bytes& bytes) {
    all[kFolder + role + ".json"] = text_of(bytes);
    all[kFolder + role + "." + digest::sha256(bytes).hex() + ".json"] = text_of(bytes);
  };
  for (const auto& [version, root] : files.roots) put(std::to_string(version) + ".root", root);
  put("root", files.roots.rbegin()->second);
  put("snapshot", files.snapshot);
  for (const auto& [role, bytes] : files.targets) put(role, bytes);
  all[kFolder + "timestamp.json"] = text_of(files.timestamp);
  return all;
}

FakeReply answer(const std::map<std::string, std::string>& files, const FakeRequest& request) {
  const auto found = files.find(request.target);
  if (found != files.end()) return {.body = found->second};
  return {.status = 404, .body = R"({"errors":[{"code":"METADATA_NOT_FOUND","message":"none","detail":{}}]})"};
}

/// A network that gives up quickly.
class Client {
 public:
  Client() : network_(settings(), fs_, clock_, cancel_) {}
  std::optional<tuf::ChainFiles> fetch(const std::string& url) {
    return fetch_notary_chain(network_.server(url, "localhost:5000"), test::kSampleGun);
  }

 private:
  static Settings settings() {
    Settings settings;
    settings.plain_http = true;
    settings.retries = 0;
    settings.timeout = std::chrono::seconds(1);
    return settings;
  }

  base::SystemFs fs_;
  base::SystemClock clock_;
  base::CancelToken cancel_;
  Network network_;
};

bool same(const tuf::ChainFiles& a, const tuf::ChainFiles& b) {
  return a.roots == b.roots && a.timestamp == b.timestamp && a.snapshot == b.snapshot && a.targets == b.targets;
}

}  // namespace

TEST_CASE("A chain comes over HTTP as it is served") {
  const auto files = test::sample_files("dct-rotated");
  FakeServer server([all = served(files)](const FakeRequest& request) { return answer(all, request); });
  const auto read = Client().fetch(server.url());
  REQUIRE(read);
  CHECK(same(*read, files));
}

TEST_CASE("A Notary server may send us to where its files are") {
  const auto files = test::sample_files("dct-delegated");
  FakeServer store([all = served(files)](const FakeRequest& request) { return answer(all, request); });
  FakeServer server([&](const FakeRequest& request) {
    return FakeReply{.status = 307, .headers = {{"Location", store.url() + request.target}}};
  });
  const auto read = Client().fetch(server.url());
  REQUIRE(read);
  CHECK(same(*read, files));
}

TEST_CASE("A Notary server that never answers, or answers endlessly, is given up") {
  FakeServer silent([](const FakeRequest&) { return FakeReply{.silent = true}; });
  REQUIRE_ERROR(network, Client().fetch(silent.url()));
  FakeServer circle(
      [](const FakeRequest& request) { return FakeReply{.status = 302, .headers = {{"Location", request.target}}}; });
  REQUIRE_ERROR(network, Client().fetch(circle.url()));
  const std::string much(tuf::kMaxTimestampBytes + 1, ' ');
  FakeServer endless([&](const FakeRequest&) { return FakeReply{.body = much}; });
  REQUIRE_ERROR(limit_exceeded, Client().fetch(endless.url()));
}

TEST_CASE("A chain that is cut anywhere is no chain") {
  const auto all = served(test::sample_files("dct-delegated"));
  for (const auto& [target, body] : all) {
    if (target.ends_with("1.root.json")) continue;  // taken as the latest
    FakeServer server([&, &wanted = target](const FakeRequest& request) {
      auto reply = answer(all, request);
      if (request.target == wanted) reply.cut_after = reply.body.size() / 2;
      return reply;
    });
    Client client;
    const auto code = test::error_of([&] { client.fetch(server.url()); });
    const auto lines = server.lines();
    const bool was_asked = std::ranges::find(lines, "GET " + target) != lines.end();
    CHECK(code == (was_asked ? std::optional(base::ErrorCode::network) : std::nullopt));
  }
}

}  // namespace gapstow::registry
