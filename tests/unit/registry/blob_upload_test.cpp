#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "gapstow/registry/images.h"
#include "support/delivery_samples.h"
#include "support/error_of.h"
#include "support/fake_registry.h"
#include "support/temp_folder.h"

using namespace gapstow;
using base::ErrorCode;
using registry::Reply;
using test::DeliverySample;
using test::FakeRegistry;

namespace {

constexpr std::size_t kMiB = 1 << 20;

struct OneLayer {
  DeliverySample sample;
  digest::Digest layer;

  explicit OneLayer(const std::string& content) : layer(test::digest_of(content)) {
    sample.add_layer_image("registry.test/team/app:1", content);
  }
  std::size_t deliver_to(FakeRegistry& registry, const registry::DestinationOptions& options = {}) const {
    const auto destination = registry::make_destination(registry, {}, options);
    deliver(*destination, sample);
    REQUIRE(registry.at("team/app").blobs.at(layer.text()) == sample.bytes_of(layer));
    REQUIRE(registry.tags().size() == 1);
    return registry.count("PATCH");
  }
};

std::size_t sessions(const FakeRegistry& registry) {
  return static_cast<std::size_t>(std::ranges::count(registry.log(), "POST /v2/team/app/blobs/uploads/"));
}

Reply status_of(int status, const std::string& body = {}) {
  Reply reply;
  reply.status = status;
  reply.body = base::to_bytes(body);
  return reply;
}

/// Fails the first `count` calls of this method.
auto failing(FakeRegistry& registry, const std::string& method, int status, unsigned count) {
  return [&registry, method, status, left = count](const registry::Call& call) mutable -> std::optional<Reply> {
    static_cast<void>(registry);
    if (call.method != method || call.target.find("/uploads/") == std::string::npos || left == 0) return std::nullopt;
    --left;
    return status_of(status);
  };
}

}  // namespace

TEST_CASE("Small blobs take one request, large ones one PATCH", "[upload]") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kMiB, kMiB + 1, 9 * kMiB}) {
    FakeRegistry registry;
    REQUIRE(OneLayer(test::noise(size)).deliver_to(registry) == (size > kMiB ? 1 : 0));
    REQUIRE(registry.open_uploads() == 0);
  }
}

TEST_CASE("A cut upload goes on where the registry stands", "[upload]") {
  rc::check("wherever it is cut, and whatever got lost", [] {
    const std::size_t size = *rc::gen::inRange<std::size_t>(kMiB + 1, 3 * kMiB);
    FakeRegistry registry;
    registry.faults.upload_cut = *rc::gen::inRange<std::uint64_t>(50'000, size);
    registry.faults.upload_lost = *rc::gen::inRange<std::uint64_t>(0, *registry.faults.upload_cut);
    const OneLayer one(test::noise(size));
    const auto patches = one.deliver_to(registry);
    RC_ASSERT(sessions(registry) == 2);
    RC_ASSERT(patches >= size / *registry.faults.upload_cut);
  });
}

TEST_CASE("What is further back than what is kept is put from the first byte", "[upload]") {
  FakeRegistry registry;
  const OneLayer one(test::noise(12 * kMiB));
  registry.faults.upload_cut = 10 * kMiB;
  registry.faults.upload_lost = 5 * kMiB;
  SECTION("the session is taken up again, without a journal") {
    one.deliver_to(registry);
    REQUIRE(sessions(registry) == 2);
  }
  SECTION("unless it can be read only once") {
    registry::DestinationOptions options;
    options.restarts = 0;
    REQUIRE_ERROR(network, one.deliver_to(registry, options));
    REQUIRE(registry.tags().empty());
  }
  SECTION("and fails the images where the run goes on") {
    registry::DestinationOptions options;
    options.restarts = 0;
    options.keep_going = true;
    const auto destination = registry::make_destination(registry, {}, options);
    REQUIRE_NOTHROW(deliver(*destination, one.sample));
    REQUIRE(destination->deliveries()[0].failure->code() == ErrorCode::network);
    REQUIRE(registry.tags().empty());
  }
}

TEST_CASE("A registry that forgets cut uploads gets the blob anew", "[upload]") {
  FakeRegistry registry;
  registry.faults.forgets_uploads = true;
  const OneLayer one(test::noise(6 * kMiB));
  bool once = true;
  registry.faults.upload_cut = GENERATE(3 * kMiB, 5 * kMiB);
  registry.faults.instead = [&](const registry::Call& call) -> std::optional<Reply> {
    if (call.method == "GET" && call.target.find("/uploads/") != std::string::npos && std::exchange(once, false)) {
      registry.faults.upload_cut.reset();
    }
    return std::nullopt;
  };
  one.deliver_to(registry);
  REQUIRE(sessions(registry) == 3);
}

TEST_CASE("Refusals that may pass are asked about", "[upload]") {
  const int status = GENERATE(401, 408, 429, 500, 503, 416);
  FakeRegistry registry;
  const OneLayer one(test::noise(2 * kMiB));
  registry.faults.instead = failing(registry, "PATCH", status, 2);
  one.deliver_to(registry);
  REQUIRE(registry.count("PATCH") >= 3);
}

TEST_CASE("Without progress an upload ends", "[upload]") {
  FakeRegistry registry;
  const OneLayer one(test::noise(2 * kMiB));
  registry.faults.instead = failing(registry, "PATCH", 503, 1000);
  registry::DestinationOptions options;
  options.restarts = 0;
  REQUIRE_ERROR(network, one.deliver_to(registry, options));
  REQUIRE(registry.count("PATCH") == 1 + registry::kDefaultRetries);
  registry.clear_log();
  REQUIRE_ERROR(network, one.deliver_to(registry));
  REQUIRE(registry.count("PATCH") == (1 + registry::kDefaultRetries) * (1 + registry::kDefaultRestarts));
}

TEST_CASE("Refusals that will not pass end it at once", "[upload]") {
  FakeRegistry registry;
  const OneLayer one(test::noise(2 * kMiB));
  registry.faults.instead = failing(registry, "PATCH", 403, 1);
  REQUIRE_ERROR(unauthorized, one.deliver_to(registry));
  REQUIRE(registry.tags().empty());
}

TEST_CASE("Where requests are bounded, parts are sent that fit", "[upload]") {
  FakeRegistry registry;
  registry.faults.too_large = GENERATE(413, 416);
  registry.faults.largest_request = GENERATE(4 * kMiB, kMiB, kMiB / 2 + 1, 70'000UL);
  const OneLayer one(test::noise(6 * kMiB));
  const auto patches = one.deliver_to(registry);
  REQUIRE(patches >= 6 * kMiB / registry.faults.largest_request);
  if (registry.faults.largest_request < kMiB) return;
  // What was learned holds for the next blob.
  REQUIRE(patches <= 6 * kMiB / registry.faults.largest_request + 6);
}

TEST_CASE("A small blob is sent in parts too where one request is too large", "[upload]") {
  FakeRegistry registry;
  registry.faults.largest_request = 100'000;
  REQUIRE(OneLayer(test::noise(300'000)).deliver_to(registry) >= 3);
}

TEST_CASE("Parts are never shorter than the registry wants", "[upload]") {
  FakeRegistry registry;
  registry.faults.largest_request = kMiB;
  registry.faults.shortest_part = 2 * kMiB;
  REQUIRE_ERROR(network, OneLayer(test::noise(6 * kMiB)).deliver_to(registry));
  registry.faults.largest_request = 5 * kMiB;
  OneLayer(test::noise(6 * kMiB)).deliver_to(registry);
}

TEST_CASE("A registry that takes no body takes no blob", "[upload]") {
  FakeRegistry registry;
  registry.faults.largest_request = 10'000;
  REQUIRE_ERROR(network, OneLayer(test::noise(2 * kMiB)).deliver_to(registry));
}

TEST_CASE("A lost reply to the last request is not a lost blob", "[upload]") {
  for (const std::size_t size : {std::size_t{1000}, 2 * kMiB}) {
    FakeRegistry registry;
    const OneLayer one(test::noise(size));
    bool once = true;
    registry.faults.instead = [&](const registry::Call& call) -> std::optional<Reply> {
      if (call.method != "PUT" || call.target.find("/uploads/") == std::string::npos) return std::nullopt;
      if (call.target.find(one.layer.hex()) == std::string::npos || !std::exchange(once, false)) return std::nullopt;
      registry.add_blob("team/app", one.sample.bytes_of(one.layer));
      return status_of(404);
    };
    one.deliver_to(registry);
  }
}

TEST_CASE("Replies to the last request", "[upload]") {
  const std::size_t size = GENERATE(as<std::size_t>{}, 1000, 2 * kMiB);
  FakeRegistry registry;
  const OneLayer one(test::noise(size));
  Reply answer;
  registry.faults.instead = [&](const registry::Call& call) -> std::optional<Reply> {
    if (call.method != "PUT" || call.target.find(one.layer.hex()) == std::string::npos) return std::nullopt;
    if (call.target.find("/uploads/") == std::string::npos) return std::nullopt;
    if (answer.status < 300) registry.add_blob("team/app", one.sample.bytes_of(one.layer));
    return answer;
  };
  SECTION("good ones") {
    answer.status = GENERATE(200, 201, 202, 204);
    one.deliver_to(registry);
  }
  SECTION("another digest") {
    answer.status = 201;
    answer.headers.add("Docker-Content-Digest", test::digest_of("other").text());
    REQUIRE_ERROR(digest_mismatch, one.deliver_to(registry));
  }
  SECTION("other bytes") {
    answer = status_of(400, R"({"errors":[{"code":"DIGEST_INVALID"}]})");
    REQUIRE_ERROR(digest_mismatch, one.deliver_to(registry));
  }
  SECTION("refused") {
    answer.status = 403;
    REQUIRE_ERROR(unauthorized, one.deliver_to(registry));
  }
  SECTION("broken") {
    answer.status = 500;
    REQUIRE_ERROR(network, one.deliver_to(registry));
  }
  if (answer.status >= 300) REQUIRE(registry.tags().empty());
}

TEST_CASE("A registry that accepts and does not keep is found out", "[upload]") {
  FakeRegistry registry;
  const OneLayer one(test::noise(1000));
  registry.faults.instead = [&](const registry::Call& call) -> std::optional<Reply> {
    const bool put = call.method == "PUT" && call.target.find("/uploads/") != std::string::npos;
    return put ? std::optional(status_of(202)) : std::nullopt;
  };
  REQUIRE_ERROR(network, one.deliver_to(registry));
}

TEST_CASE("An upload without a place is refused", "[upload]") {
  FakeRegistry registry;
  registry.faults.instead = [&](const registry::Call& call) -> std::optional<Reply> {
    return call.method == "POST" ? std::optional(status_of(202)) : std::nullopt;
  };
  REQUIRE_ERROR(network, OneLayer("x").deliver_to(registry));
}

TEST_CASE("A second run goes on where the first was cut", "[upload][journal]") {
  base::SystemFs fs;
  const test::TempFolder folder;
  registry::UploadJournal journal(fs, folder / "uploads");
  registry::DestinationOptions options;
  options.journal = &journal;
  options.restarts = 0;
  FakeRegistry registry;
  const OneLayer one(test::noise(8 * kMiB));
  const auto first_run = [&] {
    const auto destination = registry::make_destination(registry, {}, options);
    destination->begin(one.sample.images, one.sample.plan());
    const auto sink = destination->put(one.layer);
    registry.faults.upload_cut = 6 * kMiB;
    registry.faults.instead = [&](const registry::Call& call) -> std::optional<Reply> {
      if (call.method != "GET") return std::nullopt;
      throw base::Error(ErrorCode::interrupted, "killed");
    };
    REQUIRE_ERROR(interrupted, sink->write(base::as_bytes(one.sample.bytes_of(one.layer))));
    registry.faults.upload_cut.reset();
    registry.faults.instead = {};
    registry.clear_log();
  };
  first_run();
  REQUIRE(fs.list(folder / "uploads").size() == 1);
  std::uint64_t patched = 0;
  registry.faults.instead = [&](const registry::Call& call) -> std::optional<Reply> {
    if (const auto range = call.headers.find("Content-Range")) patched = std::stoull(*range);
    return std::nullopt;
  };
  SECTION("from the byte that the registry has") {
    one.deliver_to(registry, options);
    REQUIRE(patched == 6 * kMiB);
    REQUIRE(sessions(registry) == 1);
  }
  SECTION("from the first byte where the registry has forgotten it") {
    const auto destination = registry::make_destination(registry, {}, options);
    registry.faults.instead = failing(registry, "GET", 404, 1);
    deliver(*destination, one.sample);
    REQUIRE(sessions(registry) == 2);
    REQUIRE(registry.count("DELETE") == 1);
  }
  SECTION("from the first byte where that is what is wrong") {
    // Another run wrote other bytes into the same upload.
    options.restarts = registry::kDefaultRestarts;
    std::string changed = one.sample.bytes_of(one.layer);
    changed[5] = static_cast<char>(changed[5] ^ 1);
    FakeRegistry other;
    unsigned invalid = 0;
    registry.faults.instead = [&](const registry::Call& call) -> std::optional<Reply> {
      const bool last = call.method == "PUT" && call.target.find(one.layer.hex()) != std::string::npos &&
                        call.target.find("/uploads/") != std::string::npos;
      if (!last || invalid++ > 0) return std::nullopt;
      return status_of(400, R"({"errors":[{"code":"DIGEST_INVALID"}]})");
    };
    one.deliver_to(registry, options);
    REQUIRE(invalid == 2);
  }
  REQUIRE(fs.list(folder / "uploads").empty());
}

TEST_CASE("More or fewer bytes than announced are a fault of the caller", "[upload]") {
  FakeRegistry registry;
  const OneLayer one(test::noise(1000));
  const auto destination = registry::make_destination(registry, {}, {});
  destination->begin(one.sample.images, one.sample.plan());
  REQUIRE_ERROR(internal, destination->put(one.layer)->finish());
  REQUIRE_ERROR(internal, destination->put(one.layer)->write(base::Bytes(1001)));
  const auto sink = destination->put(one.layer);
  REQUIRE_ERROR(internal, destination->put(one.layer));
}

TEST_CASE("A failure of whoever reads the blob is not mended by putting it again", "[upload]") {
  FakeRegistry registry;
  const OneLayer one(test::noise(1000));
  const auto destination = registry::make_destination(registry, {}, {});
  destination->begin(one.sample.images, one.sample.plan());
  const base::Error failure(ErrorCode::network, "the source was cut");
  destination->put(one.layer)->write(base::Bytes(10));
  REQUIRE_FALSE(destination->retries(one.layer, failure));
  REQUIRE_FALSE(destination->retries(one.sample.images[0].root.digest, failure));
  // Another reader may still put it.
  put_all(*destination, one.sample);
  destination->commit();
  REQUIRE(registry.tags().size() == 1);
}
