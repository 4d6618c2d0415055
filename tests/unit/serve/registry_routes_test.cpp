#include "gapstow/serve/registry_routes.h"

#include <catch2/catch.hpp>

#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/oci/manifest.h"
#include "support/error_of.h"
#include "support/serve_world.h"

namespace gapstow::test {
namespace {

const std::string kManifest = "/v2/lab/app/manifests/";
const std::string kBlob = "/v2/lab/app/blobs/";

json::Value parsed(const serve::Response& response) { return json::parse(base::as_bytes(body_of(response))); }

std::string error_code(const serve::Response& response) {
  const json::Value value = parsed(response);
  return json::Cursor(value).at("errors").array().at(0).at("code").string();
}

oci::Manifest sample_manifest(ServeWorld& world) {
  const auto text = body_of(world.get(kManifest + "1.1"));
  return std::get<oci::Manifest>(oci::parse_manifest(base::as_bytes(text), oci::kDockerManifest));
}

}  // namespace

TEST_CASE("a tag leads to the signed manifest, byte for byte, by every name that means it") {
  ServeWorld world;
  for (const auto* target : {"/v2/lab/app/manifests/1.1", "/v2/localhost:5000/lab/app/manifests/1.1",
                             "/v2/lab/app/manifests/1.1?ns=localhost:5000"}) {
    INFO(target);
    const auto response = world.get(target);
    REQUIRE(response.status == 200);
    CHECK(digest::sha256(base::as_bytes(body_of(response))).text() == kSampleDigest);
    CHECK(header_of(response, "Docker-Content-Digest") == kSampleDigest);
    CHECK(header_of(response, "ETag") == "\"" + kSampleDigest + "\"");
    CHECK(header_of(response, "Content-Type") == oci::kDockerManifest);
  }
  auto from_elsewhere = request_for(kManifest + "1.1");
  from_elsewhere.headers["host"] = "mirror.airgap.local:5443";
  CHECK(world.ask(from_elsewhere).status == 200);
  CHECK(world.get(kManifest + kSampleDigest).status == 200);
}

TEST_CASE("what is not proven is not there, and the answer says why") {
  ServeWorld world;
  CHECK(error_code(world.get(kManifest + "1.2")) == "MANIFEST_UNKNOWN");
  CHECK(error_code(world.get(kManifest + "sha256:" + std::string(64, 'a'))) == "MANIFEST_UNKNOWN");
  CHECK(error_code(world.get("/v2/lab/other/manifests/1.1")) == "NAME_UNKNOWN");
  CHECK(error_code(world.get("/v2/lab/app/manifests/1.1?ns=docker.io")) == "NAME_UNKNOWN");
  CHECK(error_code(world.get(kBlob + "sha256:" + std::string(64, 'a'))) == "BLOB_UNKNOWN");
  CHECK(world.get("/v2/lab/app").status == 404);
  CHECK(world.get("/v2/manifests/1.1").status == 404);
  CHECK(world.get("/v2/_trust/tuf/root.json").status == 404);
}

TEST_CASE("a registry is below /v2/, and nowhere else") {
  ServeWorld world;
  for (const auto* path : {"/", "/foo", "/v1/_catalog", "/v1/lab/app/manifests/1.1", "/v22/_catalog", "/V2/", "/v1/"}) {
    INFO(path);
    CHECK(error_code(world.get(path)) == "UNSUPPORTED");
  }
  CHECK(world.get("/v2").status == 200);
}

TEST_CASE("nothing can be written, by no method and on no path") {
  ServeWorld world;
  for (const auto* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}) {
    for (const auto* target :
         {"/v2/", "/v2/lab/app/manifests/1.1", "/v2/lab/app/blobs/uploads/", "/v2/lab/app/tags/list"}) {
      const auto response = world.ask(request_for(target, method));
      CHECK(response.status == 405);
      CHECK(header_of(response, "Allow") == "GET, HEAD");
    }
  }
}

TEST_CASE("a refused image is not there, and its rule is named") {
  ServeWorld world([](trust::TrustStore& store) {
    store.rules = {{trust::Pattern::parse("localhost:5000/lab/*"), true, "frozen for the audit", {}, {}, {}, {}, {}}};
  });
  for (const auto& target : {kManifest + "1.1", kManifest + kSampleDigest}) {
    const auto response = world.get(target);
    CHECK(response.status == 404);
    CHECK(body_of(response).find("frozen for the audit") != std::string::npos);
  }
  CHECK(body_of(world.get("/v2/lab/app/tags/list")) == R"({"name":"lab/app","tags":[]})");
}

TEST_CASE("blobs of the image are given whole, in ranges and as documents, and only in their repository") {
  ServeWorld world;
  const auto manifest = sample_manifest(world);
  const auto config = world.get(kBlob + manifest.config.digest.text());
  CHECK(digest::sha256(base::as_bytes(body_of(config))) == manifest.config.digest);
  for (const auto& layer : manifest.layers) {
    const auto whole = world.get(kBlob + layer.digest.text());
    REQUIRE(whole.status == 200);
    const std::string bytes = body_of(whole);
    CHECK(digest::sha256(base::as_bytes(bytes)) == layer.digest);
    auto part = request_for(kBlob + layer.digest.text());
    part.headers["range"] = "bytes=5-14";
    const auto some = world.ask(part);
    CHECK(some.status == 206);
    CHECK(body_of(some) == bytes.substr(5, 10));
    part.headers["range"] = "bytes=" + std::to_string(layer.size) + "-";
    CHECK(world.ask(part).status == 416);
    part.headers = {{"host", "localhost:5000"}, {"if-none-match", "\"" + layer.digest.text() + "\""}};
    CHECK(world.ask(part).status == 304);
    CHECK(world.ask(request_for(kBlob + layer.digest.text(), "HEAD")).length() == layer.size);
  }
  CHECK(world.get("/v2/lab/app/blobs/latest").status == 400);
}

TEST_CASE("a damaged blob never leaves; the others of the bundle do") {
  ServeWorld world;
  const auto manifest = sample_manifest(world);
  const auto holdings = world.cell->get();
  const auto& held = holdings->bundles.front();
  const auto& victim = manifest.layers.front();
  const auto writer = world.fs.open_for_update(world.bundle);
  base::Bytes one(1);
  const auto at = held->bundle().content(*held->payload(victim.digest));
  writer->read_at(at, one);
  one[0] ^= std::byte{1};
  const auto stamp = held->bundle().file()->stamp();
  while (held->bundle().file()->stamp() == stamp) writer->write_at(at, one);
  const auto response = world.get(kBlob + victim.digest.text());
  CHECK(response.status == 404);
  CHECK(body_of(response).find("damaged") != std::string::npos);
  CHECK(world.ask(request_for(kBlob + victim.digest.text(), "HEAD")).status == 404);
  for (std::size_t i = 1; i < manifest.layers.size(); ++i) {
    CHECK(world.get(kBlob + manifest.layers[i].digest.text()).status == 200);
  }
  // Put right again, it is proven again.
  one[0] ^= std::byte{1};
  const auto damaged = held->bundle().file()->stamp();
  while (held->bundle().file()->stamp() == damaged) writer->write_at(at, one);
  CHECK(world.get(kBlob + victim.digest.text()).status == 200);
}

TEST_CASE("what is written into the file while an answer is read does not leave") {
  ServeWorld world;
  const auto layer = sample_manifest(world).layers.front();
  const auto response = world.get(kBlob + layer.digest.text());
  REQUIRE(response.status == 200);
  CHECK(digest::sha256(base::as_bytes(body_of(response))) == layer.digest);
  const auto& bundle = world.cell->get()->bundles.front()->bundle();
  const auto stamp = bundle.file()->stamp();
  const auto writer = world.fs.open_for_update(world.bundle);
  base::Bytes one(1);
  writer->read_at(0, one);
  while (bundle.file()->stamp() == stamp) writer->write_at(0, one);
  REQUIRE_ERROR(conflict, body_of(response));
  CHECK(digest::sha256(base::as_bytes(body_of(world.get(kBlob + layer.digest.text())))) == layer.digest);
}

TEST_CASE("a word that is no host is none, neither in ns nor in Host") {
  ServeWorld world;
  for (const auto* target :
       {"/v2/app/manifests/1.1?ns=lab", "/v2/lab/app/manifests/1.1?ns=", "/v2/app/manifests/1.1?ns=localhost:5000/lab",
        "/v2/lab/app/manifests/1.1?ns=..", "/v2/lab/app/manifests/1.1?ns=user@localhost:5000"}) {
    INFO(target);
    CHECK(error_code(world.get(target)) == "NAME_UNKNOWN");
  }
  auto by_service = request_for(kManifest + "1.1");
  by_service.headers["host"] = "gapstow";
  CHECK(world.ask(by_service).status == 200);
}

TEST_CASE("clients that name types get the signed one or none") {
  ServeWorld world;
  auto request = request_for(kManifest + "1.1");
  for (const auto* accepted : {"*/*", "application/*", "application/vnd.docker.distribution.manifest.v2+json",
                               "application/json, application/vnd.docker.distribution.manifest.v2+json;q=0.5",
                               "Application/Vnd.Docker.Distribution.Manifest.V2+JSON", "*/*;q=0.1, text/html;q=0", "",
                               "*/*;q=0, application/vnd.docker.distribution.manifest.v2+json; q=1.000"}) {
    INFO(accepted);
    request.headers["accept"] = accepted;
    CHECK(world.ask(request).status == 200);
  }
  for (const auto* refused : {"application/vnd.oci.image.manifest.v1+json", "*/*;q=0", "text/*",
                              "*/*, application/vnd.docker.distribution.manifest.v2+json;q=0.0",
                              "application/vnd.docker.distribution.manifest.v2+json ; Q=0, application/*"}) {
    INFO(refused);
    request.headers["accept"] = refused;
    CHECK(world.ask(request).status == 406);
  }
}

TEST_CASE("lists: tags by pages, the catalog, referrers") {
  ServeWorld world;
  CHECK(body_of(world.get("/v2/")) == "{}");
  CHECK(body_of(world.get("/v2/lab/app/tags/list")) == R"({"name":"lab/app","tags":["1.1"]})");
  CHECK(body_of(world.get("/v2/lab/app/tags/list?n=1&last=1.1")) == R"({"name":"lab/app","tags":[]})");
  CHECK(body_of(world.get("/v2/_catalog")) == R"({"repositories":["lab/app"]})");
  const auto none = world.get("/v2/lab/app/referrers/" + kSampleDigest + "?artifactType=x/y");
  CHECK(none.status == 200);
  CHECK(header_of(none, "OCI-Filters-Applied") == "artifactType");
  CHECK(header_of(none, "Content-Type") == oci::kOciIndex);
  CHECK(world.get("/v2/lab/app/referrers/1.1").status == 400);
}

TEST_CASE("relocated names lead to their origin, and nowhere else") {
  ServeWorld world([](trust::TrustStore& store) {
    store.relocations = {{"localhost:5000/lab", "registry.airgap.local/mirror", {{"1.1", "stable"}}}};
  });
  CHECK(world.get("/v2/mirror/app/manifests/stable?ns=registry.airgap.local").status == 200);
  CHECK(world.get("/v2/mirror/app/manifests/1.2?ns=registry.airgap.local").status == 404);
  CHECK(world.get("/v2/mirrored/app/manifests/stable?ns=registry.airgap.local").status == 404);
  auto by_host = request_for("/v2/mirror/app/manifests/stable");
  by_host.headers["host"] = "registry.airgap.local";
  CHECK(world.ask(by_host).status == 200);
}

TEST_CASE("a border signature names the reference with its tag, and its parts can be fetched") {
  ServeWorld world;
  world.border = std::make_unique<serve::BorderSignatures>(
      std::make_unique<sign::SecretKey>(sign::SecretKey::generate(sign::KeyType::ecdsa_p256)));
  const std::string tag = "sha256-" + kSampleDigest.substr(7) + ".sig";
  const auto response = world.get(kManifest + tag);
  REQUIRE(response.status == 200);
  CHECK(body_of(world.get(kManifest + tag)) == body_of(response));
  CHECK(body_of(world.get(kManifest + header_of(response, "Docker-Content-Digest"))) == body_of(response));
  const json::Value value = parsed(response);
  const auto layers = json::Cursor(value).at("layers").array();
  REQUIRE(layers.size() == 1);
  const auto payload = world.get(kBlob + layers[0].at("digest").string());
  CHECK(body_of(payload) == serve::simple_signing_payload(kSampleReference, digest::Digest::parse(kSampleDigest)));
  CHECK(layers[0].at("annotations").at(serve::kCosignAnnotation).string().size() > 80);
  CHECK(world.get(kBlob + json::Cursor(value).at("config").at("digest").string()).status == 200);
  CHECK(world.get(kManifest + "sha256-" + std::string(64, 'a') + ".sig").status == 404);
}

}  // namespace gapstow::test
