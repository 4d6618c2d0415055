#include <catch2/catch.hpp>

#include "gapstow/registry/images.h"
#include "support/delivery_samples.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

using namespace gapstow;
using base::ErrorCode;
using test::FakeRegistry;

namespace {

std::unique_ptr<oci::ImageSource> source_of(FakeRegistry& registry) {
  return registry::open_repository(registry::Repository(registry, "team/app"));
}

}  // namespace

TEST_CASE("Images of a repository are found by tag and digest", "[source]") {
  FakeRegistry registry;
  const auto image = test::make_image("one", 2, oci::kDockerManifest);
  registry.add_manifest("team/app", "1.0", image.manifest, oci::kDockerManifest);
  for (const auto& layer : image.packed) registry.add_blob("team/app", layer);
  const auto source = source_of(registry);
  REQUIRE(source->images().empty());
  REQUIRE(source->is_parallel());
  REQUIRE(source->description() == "docker://registry.test/team/app");
  REQUIRE(source->find_tag("1.0")->root == image.root);
  REQUIRE(source->find_tag("1.0")->names == std::vector<std::string>{"registry.test/team/app:1.0"});
  REQUIRE(source->find_manifest(image.root.digest)->root == image.root);
  REQUIRE(!source->find_tag("2.0"));
  REQUIRE(!source->find_manifest(test::digest_of("other")));
  REQUIRE(source->tags() == std::vector<std::string>{"1.0"});
  REQUIRE(base::as_text(oci::read_blob(*source, image.root, 1 << 20)) == image.manifest);
  const auto layer = test::descriptor_of(image.packed[1], "application/gzip");
  REQUIRE(base::as_text(oci::read_blob(*source, layer, 1 << 20)) == image.packed[1]);
  REQUIRE(source->find(layer) == layer.size);
  REQUIRE(!source->find({}));
  REQUIRE_ERROR(not_found, source->open(test::descriptor_of("?", "application/gzip")));
  REQUIRE_ERROR(not_found, source->open(test::descriptor_of("?", oci::kOciManifest)));
}

TEST_CASE("Attachments of a repository are found, each once", "[source]") {
  FakeRegistry registry;
  registry.faults.no_referrers_api = GENERATE(false, true);
  test::DeliverySample sample;
  const auto image = test::make_image("one", 1, oci::kOciManifest);
  auto& named = sample.add_image("registry.test/team/app:1", image);
  sample.add_referrer(named, image.root, "signature");
  sample.add_cosign(named, "cosign");
  deliver(*registry::make_destination(registry, {}, {}), sample);
  const auto found = source_of(registry)->attachments(image.root.digest);
  REQUIRE(found.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    REQUIRE(found[i].kind == named.attachments[i].kind);
    REQUIRE(found[i].subject == image.root.digest);
    REQUIRE(found[i].root.digest == named.attachments[i].root.digest);
    REQUIRE(found[i].root.size == named.attachments[i].root.size);
    REQUIRE(found[i].artifact_type == named.attachments[i].artifact_type);
    REQUIRE(found[i].tag == named.attachments[i].tag);
  }
  REQUIRE(source_of(registry)->attachments(test::digest_of("other")).empty());
}
