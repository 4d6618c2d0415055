#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "gapstow/digest/digest.h"
#include "gapstow/registry/repository.h"
#include "support/delivery_samples.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

using namespace gapstow;
using base::ErrorCode;
using registry::Reply;
using test::FakeRegistry;

namespace {

std::string read(FakeRegistry& registry, const oci::Descriptor& blob) {
  const auto source = registry::Repository(registry, "team/app").open_blob(blob);
  return std::string(base::as_text(base::read_all(*source, 1 << 20)));
}

Reply reply_of(int status, const std::string& header, const std::string& value, const std::string& body) {
  Reply reply;
  reply.status = status;
  if (!header.empty()) reply.headers.add(header, value);
  reply.body = base::to_bytes(body);
  return reply;
}

}  // namespace

TEST_CASE("A download that is cut at every n-th byte is whole in the end", "[download]") {
  const std::string content = test::noise(300);
  for (std::uint64_t cut = 1; cut <= content.size() + 1; ++cut) {
    FakeRegistry registry;
    const auto blob = registry.add_blob("team/app", content);
    registry.faults.download_cut = cut;
    REQUIRE(read(registry, blob) == content);
    REQUIRE(registry.calls() == (content.size() + cut - 1) / cut);
  }
}

TEST_CASE("Where a server knows no ranges the beginning is read again", "[download]") {
  FakeRegistry registry;
  const std::string content = test::noise(100'000);
  const auto blob = registry.add_blob("team/app", content);
  registry.faults.no_ranges = true;
  registry.faults.download_cut = 99'999;
  // The last byte never comes.
  REQUIRE_ERROR(network, read(registry, blob));
  registry.clear_log();
  registry.faults.instead = [&](const registry::Call&) -> std::optional<Reply> {
    if (registry.calls() == 3) registry.faults.download_cut.reset();
    return std::nullopt;
  };
  REQUIRE(read(registry, blob) == content);
}

TEST_CASE("Without progress a download ends", "[download]") {
  FakeRegistry registry;
  const auto blob = registry.add_blob("team/app", "content");
  registry.faults.download_cut = 0;
  REQUIRE_ERROR(network, read(registry, blob));
  REQUIRE(registry.calls() == 1 + registry::kDefaultRetries);
}

TEST_CASE("A server that lies about sizes and ranges is not believed", "[download]") {
  FakeRegistry registry;
  auto blob = registry.add_blob("team/app", "content");
  const auto answer = [&](const Reply& reply) {
    registry.faults.instead = [reply](const registry::Call&) { return reply; };
  };
  SECTION("shorter or longer than promised") {
    blob.size = 8;
    REQUIRE_ERROR(digest_mismatch, read(registry, blob));
    blob.size = 6;
    REQUIRE_ERROR(digest_mismatch, read(registry, blob));
  }
  SECTION("more than promised, without a length") {
    answer(reply_of(200, "", "", "content!"));
    REQUIRE_ERROR(digest_mismatch, read(registry, blob));
  }
  SECTION("less than promised, without a length") {
    answer(reply_of(200, "", "", "cont"));
    REQUIRE_ERROR(network, read(registry, blob));
  }
  SECTION("a part nobody asked for") {
    answer(reply_of(206, "Content-Range", "bytes 0-6/7", "content"));
    REQUIRE_ERROR(network, read(registry, blob));
  }
  SECTION("missing, forbidden, broken") {
    answer(reply_of(404, "", "", ""));
    REQUIRE_ERROR(not_found, read(registry, blob));
    answer(reply_of(403, "", "", "{\"errors\":[]}"));
    REQUIRE_ERROR(unauthorized, read(registry, blob));
    answer(reply_of(500, "", "", ""));
    REQUIRE_ERROR(network, read(registry, blob));
  }
}

TEST_CASE("After a cut the server must go on where it was asked to", "[download]") {
  FakeRegistry registry;
  const auto blob = registry.add_blob("team/app", "content");
  registry.faults.download_cut = 3;
  std::string range;
  std::string body = "tent";
  int status = 206;
  registry.faults.instead = [&](const registry::Call& call) -> std::optional<Reply> {
    if (!call.headers.find("Range")) return std::nullopt;
    REQUIRE(call.headers.find("Range") == "bytes=3-");
    registry.faults.download_cut.reset();
    return reply_of(status, "Content-Range", range, body);
  };
  SECTION("right") {
    range = "bytes 3-6/7";
    REQUIRE(read(registry, blob) == "content");
    registry.faults.download_cut = 3;
    range = "bytes 3-6/*";
    REQUIRE(read(registry, blob) == "content");
  }
  SECTION("another place") {
    for (const auto* text : {"bytes 2-6/7", "bytes 4-6/7", "bytes 3-2/7", "bytes x-6/7", "3-6/7", "", "bytes 3-6"}) {
      range = text;
      registry.faults.download_cut = 3;
      REQUIRE_ERROR(network, read(registry, blob));
    }
  }
  SECTION("another size") {
    range = "bytes 3-7/8";
    REQUIRE_ERROR(digest_mismatch, read(registry, blob));
  }
  SECTION("nothing more") {
    status = 416;
    REQUIRE_ERROR(digest_mismatch, read(registry, blob));
  }
  SECTION("gone") {
    status = 404;
    REQUIRE_ERROR(not_found, read(registry, blob));
  }
}

TEST_CASE("An empty blob is read", "[download]") {
  FakeRegistry registry;
  REQUIRE(read(registry, registry.add_blob("team/app", "")).empty());
}

TEST_CASE("Waits between retries are asked of the policy", "[download]") {
  FakeRegistry registry;
  const auto blob = registry.add_blob("team/app", "content");
  registry.faults.download_cut = 0;
  std::vector<std::chrono::milliseconds> waits;
  const registry::ResumePolicy policy{3, [&](std::chrono::milliseconds time) { waits.push_back(time); }};
  const auto source = registry::Repository(registry, "team/app", registry::Access::pull, policy).open_blob(blob);
  REQUIRE_ERROR(network, base::read_all(*source, 100));
  REQUIRE(waits.size() == 3);
  REQUIRE(waits[2] > waits[0]);

  const registry::ResumePolicy interrupted{
      3, [](std::chrono::milliseconds) { throw base::Error(ErrorCode::interrupted, "interrupted"); }};
  const auto other = registry::Repository(registry, "team/app", registry::Access::pull, interrupted).open_blob(blob);
  REQUIRE_ERROR(interrupted, base::read_all(*other, 100));
}
