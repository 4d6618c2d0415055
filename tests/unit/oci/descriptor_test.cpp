#include "gapstow/oci/descriptor.h"

#include <catch2/catch.hpp>

#include "gapstow/base/error.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "support/error_of.h"

using namespace gapstow;
using base::ErrorCode;
using oci::Descriptor;
using oci::Platform;

namespace {

const std::string kHex(64, 'b');

Descriptor read(const std::string& text) {
  const json::Value value = json::parse(base::as_bytes(text));
  return oci::read_descriptor(json::Cursor(value));
}

std::string with(const std::string& more) {
  return R"({"mediaType":"a/b","size":5,"digest":"sha256:)" + kHex + "\"" + more + "}";
}

}  // namespace

TEST_CASE("Descriptors are read and written", "[descriptor]") {
  const Descriptor full = read(with(
      R"(,"platform":{"os":"linux","architecture":"arm64","variant":"v8","os.version":"1"},"annotations":{"k":"v"},"urls":["x"],"data":"e30=")"));
  CHECK(full.media_type == "a/b");
  CHECK(full.size == 5);
  CHECK(full.digest.hex() == kHex);
  CHECK(full.platform == Platform{"linux", "arm64", "v8"});
  CHECK(full.annotations.at("k") == "v");
  CHECK(json::serialize(oci::write_descriptor(full)) ==
        R"({"annotations":{"k":"v"},"digest":"sha256:)" + kHex +
            R"(","mediaType":"a/b","platform":{"architecture":"arm64","os":"linux","variant":"v8"},"size":5})");
  CHECK(read(json::serialize(oci::write_descriptor(full))) == full);
  const Descriptor small = read(with(R"(,"platform":null,"annotations":null)"));
  CHECK_FALSE(small.platform);
  CHECK(json::serialize(oci::write_descriptor(small)) ==
        R"({"digest":"sha256:)" + kHex + R"(","mediaType":"a/b","size":5})");
  CHECK_FALSE(read(with(R"(,"platform":{"os":"","architecture":""})")).platform);
}

TEST_CASE("Bad descriptors are refused", "[descriptor]") {
  const std::string digest = R"("digest":"sha256:)" + kHex + "\"";
  const std::vector<std::string> bad{std::string("[]"),
                                     std::string("null"),
                                     std::string("{}"),
                                     R"({"mediaType":"a/b","size":5})",
                                     R"({"size":5,)" + digest + "}",
                                     R"({"mediaType":"a/b",)" + digest + "}",
                                     R"({"mediaType":"a/b","size":-1,)" + digest + "}",
                                     R"({"mediaType":"a/b","size":"5",)" + digest + "}",
                                     R"({"mediaType":"","size":5,)" + digest + "}",
                                     R"({"mediaType":"ab","size":5,)" + digest + "}",
                                     R"({"mediaType":"a/b\n","size":5,)" + digest + "}",
                                     std::string(R"({"mediaType":"a/b","size":5,"digest":"sha256:ABC"})"),
                                     std::string(R"({"mediaType":"a/b","size":5,"digest":"../x"})"),
                                     with(R"(,"Size":6)"),
                                     with(R"(,"DIGEST":"x")"),
                                     with(R"(,"platform":[])"),
                                     with(R"(,"platform":{"os":5,"architecture":"a"})"),
                                     with(R"(,"platform":{"os":"li nux","architecture":"a"})"),
                                     with(R"(,"platform":{"OS":"linux","os":"linux"})"),
                                     with(R"(,"annotations":{"a":5})"),
                                     with(R"(,"annotations":[])"),
                                     with(",\"\xc5\xbfize\":6")};
  for (const auto& text : bad) {
    INFO(text);
    CHECK(test::error_of([&] { read(text); }) == ErrorCode::malformed);
  }
  const std::string sha512 = R"({"mediaType":"a/b","size":5,"digest":"sha512:)" + kHex + kHex + R"("})";
  CHECK(test::error_of([&] { read(sha512); }) == ErrorCode::unsupported);
}

TEST_CASE("Platforms are parsed and filter", "[descriptor]") {
  CHECK(oci::parse_platform("linux/arm64/v8") == Platform{"linux", "arm64", "v8"});
  CHECK(oci::parse_platform("linux/amd64").text() == "linux/amd64");
  CHECK(Platform{"linux", "arm", ""}.accepts({"linux", "arm", "v7"}));
  CHECK_FALSE(Platform{"linux", "arm", "v6"}.accepts({"linux", "arm", "v7"}));
  CHECK_FALSE(Platform{"linux", "amd64", ""}.accepts({"windows", "amd64", ""}));
  for (const char* text : {"", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/arm/", "li nux/arm"}) {
    INFO(text);
    CHECK(test::error_of([&] { oci::parse_platform(text); }) == ErrorCode::usage);
  }
}

TEST_CASE("Media types are told apart", "[descriptor]") {
  CHECK(oci::is_image_manifest(oci::kOciManifest));
  CHECK(oci::is_image_manifest(oci::kDockerManifest));
  CHECK_FALSE(oci::is_image_manifest(oci::kOciIndex));
  CHECK(oci::is_index(oci::kOciIndex));
  CHECK(oci::is_index(oci::kDockerList));
  CHECK_FALSE(oci::is_index("application/json"));
}
