#include "gapstow/serve/admission_routes.h"

#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/serve/status_routes.h"
#include "support/serve_world.h"

namespace gapstow::test {
namespace {

serve::Response post(ServeWorld& world, const std::string& path, const std::string& body,
                     const std::string& type = "application/json", const std::string& method = "POST") {
  auto request = request_for(path, method);
  request.headers["content-type"] = type;
  request.body = body;
  serve::Response answer;
  serve::AdmissionRoutes(world.parts(), {})
      .answer(std::make_shared<const serve::Request>(std::move(request)),
              [&](serve::Response response) { answer = std::move(response); });
  return answer;
}

std::string image_review(const std::string& image) {
  return R"({"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1alpha1","spec":{"containers":[{"image":")" +
         image + R"("}],"namespace":"shop"}})";
}

std::string admission_review(const std::string& image) {
  return R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1","operation":"CREATE",)"
         R"("kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},)"
         R"("namespace":"shop","object":{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","image":")" +
         image + R"("}]}},"oldObject":null}})";
}

bool allowed(const serve::Response& response, const char* part) {
  const json::Value value = json::parse(base::as_bytes(body_of(response)));
  return json::Cursor(value).at(part).at("allowed").boolean();
}

serve::Response status(ServeWorld& world, const std::string& path, std::optional<std::int64_t> max_age = {}) {
  serve::ServerView view{[] { return std::vector<serve::Load>{{"registry", 3, 10, 1, 2}}; },
                         [] { return std::vector<std::int64_t>{0}; }};
  serve::Response answer;
  serve::StatusRoutes(world.parts(), std::move(view), max_age)
      .answer(std::make_shared<const serve::Request>(request_for(path)),
              [&](serve::Response response) { answer = std::move(response); });
  return answer;
}

}  // namespace

TEST_CASE("the three webhooks answer from the bundles") {
  ServeWorld world;
  const std::string pinned = kSampleGun + "@" + kSampleDigest;
  CHECK(allowed(post(world, "/k8s/image-review", image_review(pinned)), "status"));
  CHECK_FALSE(allowed(post(world, "/k8s/image-review", image_review(kSampleReference)), "status"));
  CHECK_FALSE(allowed(post(world, "/k8s/image-review", image_review("redis")), "status"));
  CHECK(allowed(post(world, "/k8s/validate", admission_review(pinned)), "response"));
  CHECK_FALSE(allowed(post(world, "/k8s/validate", admission_review(kSampleReference)), "response"));
  const auto mutated = post(world, "/k8s/mutate", admission_review(kSampleReference));
  CHECK(allowed(mutated, "response"));
  CHECK(body_of(mutated).find("JSONPatch") != std::string::npos);
  CHECK(world.metrics.text().find(R"(gapstow_decisions_total{point="mutate",verdict="mutate")") != std::string::npos);
}

TEST_CASE("API servers say how long they wait, and what they send") {
  ServeWorld world;
  const std::string body = image_review(kSampleGun + "@" + kSampleDigest);
  for (const char* timeout : {"30s", "1s", "0s", "10m", "99999999999999h", "-1s", "1m0s", "soon", ""}) {
    INFO(timeout);
    CHECK(allowed(post(world, "/k8s/image-review?timeout=" + std::string(timeout), body), "status"));
  }
  for (const char* type : {"application/json; charset=utf-8", "Application/JSON", "application/json ;charset=utf-8"}) {
    INFO(type);
    CHECK(allowed(post(world, "/k8s/image-review", body, type), "status"));
  }
  CHECK(post(world, "/k8s/image-review", body, "application/json5").status == 415);
  CHECK(post(world, "/k8s/image-review", body, "").status == 415);
}

TEST_CASE("what is no question gets no judgement") {
  ServeWorld world;
  CHECK(post(world, "/k8s/validate", "{}").status == 400);
  CHECK(post(world, "/k8s/validate", "").status == 400);
  CHECK(post(world, "/k8s/image-review", admission_review("redis")).status != 200);
  CHECK(post(world, "/k8s/mutate", admission_review("redis"), "text/plain").status == 415);
  CHECK(post(world, "/k8s/mutate", "", "application/json", "GET").status == 405);
  CHECK(post(world, "/k8s/", image_review("redis")).status == 404);
  CHECK(post(world, "/", image_review("redis")).status == 404);
}

TEST_CASE("a service is ready as long as its decisions are young and nothing is damaged") {
  ServeWorld world;
  CHECK(status(world, "/livez").status == 200);
  CHECK(status(world, "/readyz").status == 200);
  CHECK(status(world, "/readyz", 0).status == 200);
  CHECK(status(world, "/nothing").status == 404);
  const std::string metrics = body_of(status(world, "/metrics"));
  for (const auto* line : {"gapstow_snapshot_images 1\n", "gapstow_bundles 1\n",
                           R"(gapstow_origin_expiry_seconds{gun="localhost:5000/lab/app",role="timestamp"})",
                           R"(gapstow_connections{listener="registry"} 3)"}) {
    INFO(line);
    CHECK(metrics.find(line) != std::string::npos);
  }
}

TEST_CASE("a reload takes new rules; one that fails changes nothing") {
  ServeWorld world;
  CHECK(world.get("/v2/lab/app/manifests/1.1").status == 200);
  world.store.rules = {{trust::Pattern::parse("localhost:5000/*"), true, "frozen", {}, {}, {}, {}, {}}};
  world.load();
  CHECK(world.get("/v2/lab/app/manifests/1.1").status == 404);
  world.store.rules.clear();
  world.load();
  world.store.signers.clear();
  CHECK_THROWS_AS(world.load(), base::Error);
  CHECK(world.get("/v2/lab/app/manifests/1.1").status == 200);
}

TEST_CASE("a signed decision file decides, and an older one is refused") {
  ServeWorld world;
  const sign::SecretKey clerk = sample_key(9);
  world.store.operators = {{"clerk", clerk.public_key(), true, false}};
  const auto write = [&](std::uint64_t version, bool empty) {
    enforce::SnapshotContent content;
    content.version = version;
    content.made_at = content.clock_floor = sample_time();
    if (!empty) {
      content.images.push_back({kSampleReference,
                                "application/vnd.docker.distribution.manifest.v2+json",
                                digest::Digest::parse(kSampleDigest),
                                735,
                                {},
                                "default",
                                "targets/releases",
                                {},
                                {"desk"},
                                std::string(64, 'b'),
                                {},
                                {},
                                {},
                                {}});
    }
    const auto bytes = enforce::sign_snapshot(enforce::write_snapshot(content), {&clerk});
    base::write_file(world.fs, world.request.snapshot, bytes);
  };
  world.request.snapshot = world.folder / "decisions.snapshot";
  write(5, true);
  world.cell.reset();
  world.load();
  CHECK(world.get("/v2/lab/app/manifests/1.1").status == 404);
  write(6, false);
  world.load();
  CHECK(world.get("/v2/lab/app/manifests/1.1").status == 200);
  write(5, true);
  CHECK_THROWS_AS(world.load(), base::Error);
  CHECK(world.get("/v2/lab/app/manifests/1.1").status == 200);
  world.store.operators.clear();
  CHECK_THROWS_AS(world.load(), base::Error);
}

}  // namespace gapstow::test
