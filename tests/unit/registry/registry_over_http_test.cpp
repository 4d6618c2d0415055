#include <atomic>
#include <catch2/catch.hpp>

#include "gapstow/registry/images.h"
#include "support/delivery_samples.h"
#include "support/error_of.h"
#include "support/fake_registry.h"
#include "support/fake_server.h"

using namespace gapstow;
using base::ErrorCode;
using test::DeliverySample;
using test::FakeRegistry;
using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;

namespace {

/// A network to servers of this process, without pauses.
struct Client {
  base::SystemFs fs;
  base::SystemClock clock;
  base::CancelToken cancel;
  registry::Network network{settings(), fs, clock, cancel};

  static registry::Settings settings() {
    registry::Settings settings;
    settings.plain_http = true;
    settings.first_pause = std::chrono::milliseconds(0);
    settings.timeout = std::chrono::seconds(20);
    return settings;
  }
  std::unique_ptr<oci::ImageDestination> to(const FakeServer& server) {
    return registry::make_destination(network, server.host(), {});
  }
  std::unique_ptr<oci::ImageSource> from(const FakeServer& server) {
    return registry::open_repository(network, server.host(), "team/app");
  }
};

DeliverySample sample_for(const FakeServer& server, std::size_t layer) {
  DeliverySample sample;
  sample.add_layer_image(server.host() + "/team/app:1.0", test::noise(layer));
  auto& image = sample.images[0];
  sample.add_referrer(image, image.root, "signature");
  sample.add_cosign(image, "cosign");
  return sample;
}

void require_readable(Client& client, const FakeServer& server, const DeliverySample& sample) {
  const auto source = client.from(server);
  const auto& image = sample.images[0];
  REQUIRE(source->find_tag("1.0")->root.digest == image.root.digest);
  REQUIRE(source->attachments(image.root.digest).size() == 2);
  for (const auto& blob : image.blobs) {
    const auto bytes = oci::read_blob(*source, {blob.media_type, blob.digest, blob.size, {}, {}}, 1ULL << 30);
    REQUIRE(base::as_text(bytes) == sample.bytes_of(blob.digest));
  }
}

}  // namespace

TEST_CASE("Images go to a registry and come back over HTTP", "[http]") {
  FakeRegistry registry;
  FakeServer server([&](const FakeRequest& request) { return registry.handle(request); });
  Client client;
  const auto sample = sample_for(server, 3 << 20);
  deliver(*client.to(server), sample);
  require_readable(client, server, sample);
}

TEST_CASE("Passing failures over HTTP do not stop a delivery", "[http]") {
  FakeRegistry registry;
  std::size_t count = 0;
  const int status = GENERATE(429, 500, 503);
  FakeServer server([&](const FakeRequest& request) -> FakeReply {
    if (++count % 3 == 0) return {.status = status, .headers = {{"Retry-After", "0"}}, .body = "no"};
    return registry.handle(request);
  });
  Client client;
  const auto sample = sample_for(server, 2 << 20);
  deliver(*client.to(server), sample);
  require_readable(client, server, sample);
}

TEST_CASE("Uploads that are cut in the middle go on over HTTP", "[http]") {
  FakeRegistry registry;
  std::atomic<int> cuts = 2;
  FakeServer server([&](const FakeRequest& request) { return registry.handle(request); },
                    [&](const FakeRequest& head) -> std::optional<FakeReply> {
                      if (head.method != "PATCH" || cuts-- <= 0) return std::nullopt;
                      FakeReply reply;
                      reply.body_taken = 1'000'000;
                      reply.cut_after = 0;
                      return reply;
                    });
  Client client;
  const auto sample = sample_for(server, 3 << 20);
  deliver(*client.to(server), sample);
  require_readable(client, server, sample);
}

TEST_CASE("Downloads that are cut go on over HTTP", "[http]") {
  FakeRegistry registry;
  FakeServer server([&](const FakeRequest& request) {
    auto reply = registry.handle(request);
    if (request.method == "GET" && request.target.find("/blobs/") != std::string::npos && reply.body.size() > 100'000) {
      reply.cut_after = 100'000;
    }
    return reply;
  });
  Client client;
  const auto sample = sample_for(server, 1 << 20);
  deliver(*client.to(server), sample);
  require_readable(client, server, sample);
}

TEST_CASE("Blobs may be on another host, which sees no credentials", "[http]") {
  FakeRegistry registry;
  FakeServer storage([&](const FakeRequest& request) {
    REQUIRE(request.header("Authorization").empty());
    return registry.handle(request);
  });
  FakeServer server([&](const FakeRequest& request) -> FakeReply {
    const bool blob = request.method == "GET" && request.target.find("/blobs/sha256:") != std::string::npos;
    if (blob) return {.status = 307, .headers = {{"Location", storage.url() + request.target}}};
    return registry.handle(request);
  });
  Client client;
  const auto sample = sample_for(server, 1000);
  deliver(*client.to(server), sample);
  require_readable(client, server, sample);
}

TEST_CASE("A registry that dies leaves no tag, and a second run finishes", "[http]") {
  for (std::size_t calls = 1; calls < 24; calls += 2) {
    FakeRegistry registry;
    std::size_t count = 0;
    bool dead = true;
    FakeServer server([&](const FakeRequest& request) -> FakeReply {
      if (dead && ++count > calls) return {.cut_after = 0};
      return registry.handle(request);
    });
    Client client;
    const auto sample = sample_for(server, 1000);
    REQUIRE_ERROR(network, deliver(*client.to(server), sample));
    REQUIRE_FALSE(registry.at("team/app").tags.contains("1.0"));
    dead = false;
    deliver(*client.to(server), sample);
    require_readable(client, server, sample);
  }
}

TEST_CASE("A cancelled run stops in the middle of a pause", "[http]") {
  Client client;
  FakeServer server([&](const FakeRequest&) -> FakeReply {
    client.cancel.cancel();
    return {.status = 503, .headers = {{"Retry-After", "200"}}};
  });
  REQUIRE_ERROR(interrupted, client.from(server)->find_tag("1.0"));
}
