#include "gapstow/oci/manifest.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "gapstow/base/error.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"
#include "support/oci_maker.h"

using namespace gapstow;
using base::ErrorCode;

namespace {

const std::string kHex(64, 'c');
const std::string kItem = R"({"mediaType":"a/b","size":5,"digest":"sha256:)" + kHex + R"("})";

std::optional<ErrorCode> failure(const std::string& text, std::string_view media_type = {}) {
  return test::error_of([&] { oci::parse_manifest(base::as_bytes(text), media_type); });
}

std::optional<ErrorCode> config_failure(const std::string& text) {
  return test::error_of([&] { oci::parse_image_config(base::as_bytes(text)); });
}

std::string many(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "" : ",") + kItem;
  return list;
}

}  // namespace

TEST_CASE("Image manifests are parsed", "[manifest]") {
  const auto image = test::make_image("m", 3);
  const auto document = oci::parse_manifest(base::as_bytes(image.manifest), oci::kDockerManifest);
  const auto& manifest = std::get<oci::Manifest>(document);
  CHECK(manifest.media_type == oci::kDockerManifest);
  CHECK(manifest.config.digest == test::digest_of(image.config));
  REQUIRE(manifest.layers.size() == 3);
  CHECK(manifest.layers[2].digest == test::digest_of(image.packed[2]));
  CHECK(manifest.layers[2].size == image.packed[2].size());
  CHECK_FALSE(manifest.subject);
  const std::string plain = R"({"schemaVersion":2,"config":)" + kItem + R"(,"layers":[],"subject":)" + kItem + "}";
  const auto oci_form = std::get<oci::Manifest>(oci::parse_manifest(base::as_bytes(plain), {}));
  CHECK(oci_form.media_type == oci::kOciManifest);
  CHECK(oci_form.subject);
}

TEST_CASE("Indexes are parsed", "[manifest]") {
  const std::string text = R"({"schemaVersion":2,"manifests":[)" + many(2) + "]}";
  const auto index = std::get<oci::Index>(oci::parse_manifest(base::as_bytes(text), oci::kOciIndex));
  CHECK(index.manifests.size() == 2);
  const std::string list =
      R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kDockerList) + R"(","manifests":[]})";
  CHECK(std::get<oci::Index>(oci::parse_manifest(base::as_bytes(list), oci::kDockerList)).manifests.empty());
}

TEST_CASE("Artifact types are read and must be media types", "[manifest]") {
  const std::string manifest = R"("config":)" + kItem + R"(,"layers":[]})";
  const std::string index = R"("manifests":[]})";
  const auto type_of = [](const std::string& text) {
    return std::visit([](const auto& document) { return document.artifact_type; },
                      oci::parse_manifest(base::as_bytes(text), {}));
  };
  for (const auto& rest : {manifest, index}) {
    const std::string head = R"({"schemaVersion":2,)";
    CHECK(type_of(head + rest).empty());
    CHECK(type_of(head + R"("artifactType":null,)" + rest).empty());
    CHECK(type_of(head + R"("artifactType":"",)" + rest).empty());
    CHECK(type_of(head + R"("artifactType":"application/vnd.example+json",)" + rest) == "application/vnd.example+json");
    for (const std::string& bad : {std::string("5"), std::string("[]"), std::string("{}"), std::string(R"("x")"),
                                   std::string(R"("a/b/c")"), R"("a/)" + std::string(254, 'b') + "\""}) {
      INFO(bad);
      CHECK(failure(head + R"("artifactType":)" + bad + "," + rest) == ErrorCode::malformed);
    }
    CHECK(failure(head + R"("artifacttype":"a/b",)" + rest) == ErrorCode::malformed);
  }
  const std::string item = kItem.substr(0, kItem.size() - 1) + R"(,"artifactType":"a/b","data":"eA==","urls":[]})";
  CHECK_FALSE(failure(R"({"schemaVersion":2,"manifests":[)" + item + "]}"));
}

TEST_CASE("Documents that say two things are refused", "[manifest]") {
  const std::string layers = R"("config":)" + kItem + R"(,"layers":[])";
  CHECK(failure(R"({"schemaVersion":2,)" + layers + R"(,"manifests":[]})") == ErrorCode::malformed);
  CHECK(failure(R"({"schemaVersion":2,)" + layers + R"(,"Layers":[]})") == ErrorCode::malformed);
  CHECK(failure(R"({"schemaVersion":2,)" + layers + R"(,"layers":[]})") == ErrorCode::malformed);
  CHECK(failure(R"({"schemaVersion":2,)" + layers + R"(,"MANIFESTS":[]})") == ErrorCode::malformed);
  CHECK(failure(R"({"schemaVersion":2,)" + layers + "}", oci::kOciIndex) == ErrorCode::malformed);
  CHECK(failure(R"({"schemaVersion":2,)" + layers + "}", oci::kDockerManifest) == ErrorCode::malformed);
  CHECK(failure(R"({"schemaVersion":2,"manifests":[]})", oci::kOciManifest) == ErrorCode::malformed);
  CHECK(failure(R"({"schemaVersion":2,"manifests":[]})", oci::kDockerList) == ErrorCode::malformed);
  const std::string typed = R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kOciManifest) + "\",";
  CHECK_FALSE(failure(typed + layers + "}", oci::kOciManifest));
  CHECK(failure(typed + layers + "}", oci::kDockerManifest) == ErrorCode::malformed);
  CHECK(failure(typed + R"("manifests":[]})") == ErrorCode::malformed);
}

TEST_CASE("Damaged manifests are refused", "[manifest]") {
  const std::vector<std::string> bad{std::string(),
                                     std::string("null"),
                                     std::string("[]"),
                                     std::string("{}"),
                                     std::string("{\"schemaVersion\":2}"),
                                     std::string(R"({"schemaVersion":2,"config":null,"layers":[]})"),
                                     R"({"schemaVersion":2,"config":)" + kItem + "}",
                                     R"({"schemaVersion":2,"config":)" + kItem + R"(,"layers":null})",
                                     R"({"schemaVersion":2,"config":)" + kItem + R"(,"layers":{}})",
                                     R"({"schemaVersion":3,"config":)" + kItem + R"(,"layers":[]})",
                                     R"({"schemaVersion":"2","config":)" + kItem + R"(,"layers":[]})",
                                     R"({"config":)" + kItem + R"(,"layers":[]})",
                                     std::string(R"({"schemaVersion":2,"manifests":null})"),
                                     std::string(R"({"schemaVersion":2,"manifests":[5]})")};
  for (const auto& text : bad) {
    INFO(text);
    CHECK(failure(text) == ErrorCode::malformed);
  }
}

TEST_CASE("Old and foreign kinds are named as unsupported", "[manifest]") {
  CHECK(failure(R"({"schemaVersion":1,"name":"a","fsLayers":[],"history":[]})") == ErrorCode::unsupported);
  CHECK(failure(R"({"schemaVersion":2,"mediaType":"application/vnd.other+json","config":)" + kItem +
                R"(,"layers":[]})") == ErrorCode::unsupported);
  CHECK(failure(R"({"schemaVersion":2,"config":)" + kItem + R"(,"layers":[]})",
                "application/vnd.docker.distribution.manifest.v1+prettyjws") == ErrorCode::unsupported);
}

TEST_CASE("Limits hold", "[manifest]") {
  const std::string head = R"({"schemaVersion":2,"config":)" + kItem + R"(,"layers":[)";
  CHECK_FALSE(failure(head + many(oci::kMaxLayers) + "]}"));
  CHECK(failure(head + many(oci::kMaxLayers + 1) + "]}") == ErrorCode::limit_exceeded);
  CHECK(failure(R"({"schemaVersion":2,"manifests":[)" + many(oci::kMaxIndexEntries + 1) + "]}") ==
        ErrorCode::limit_exceeded);
  CHECK(failure(head + "]}" + std::string(oci::kMaxManifestBytes, ' ')) == ErrorCode::limit_exceeded);
  CHECK(failure(std::string(100'000, '[')) == ErrorCode::limit_exceeded);
}

TEST_CASE("Configurations are parsed", "[manifest]") {
  const auto image = test::make_image("c", 2);
  const auto config = oci::parse_image_config(base::as_bytes(image.config));
  CHECK(config.platform.text() == "linux/amd64");
  REQUIRE(config.diff_ids.size() == 2);
  CHECK(config.diff_ids[1] == test::digest_of(image.plain[1]));
  const std::string head = R"({"architecture":"arm","variant":"v7","os":"linux",)";
  const auto empty = oci::parse_image_config(base::as_bytes(head + R"("rootfs":{"type":"layers","diff_ids":null}})"));
  CHECK(empty.platform.variant == "v7");
  CHECK(empty.diff_ids.empty());
  for (const char* rest :
       {"\"rootfs\":null}", "\"rootfs\":{}}", "\"rootfs\":{\"type\":\"x\",\"diff_ids\":[]}}",
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"x\"]}}", "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[5]}}",
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"RootFS\":{}}",
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[],\"Diff_IDs\":[]}}", "\"os\":\"x\"}"}) {
    INFO(rest);
    CHECK(config_failure(head + rest) == ErrorCode::malformed);
  }
  CHECK(config_failure(R"({"os":"linux","rootfs":{"type":"layers","diff_ids":[]}})") == ErrorCode::malformed);
  CHECK(config_failure("{}") == ErrorCode::malformed);
  CHECK(oci::is_image_config("application/vnd.oci.image.config.v1+json"));
  CHECK(oci::is_image_config("application/vnd.docker.container.image.v1+json"));
  CHECK_FALSE(oci::is_image_config("application/vnd.oci.empty.v1+json"));
}

TEST_CASE("Damage anywhere in a manifest is an error or another manifest", "[manifest]") {
  const std::string good = test::make_image("d", 2).manifest;
  CHECK(rc::check("mutated manifest", [&] {
    std::string text = good;
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
    const auto code = failure(text);
    const bool fine = !code || base::exit_code(*code) == 4;
    RC_ASSERT(fine);
  }));
}
